# Expect: That is busy-polling
s/^        task_poll(task);/&\
        if (task->future != NULL \&\& !task->queued) {\
            queue_push(task);\
            continue;\
        }/
