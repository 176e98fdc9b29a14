# Expect: A was polled twice in a row: it was woken during its poll, so it is in the
/^        task_poll(task);$/c\
        while (task->future != NULL) task_poll(task);
