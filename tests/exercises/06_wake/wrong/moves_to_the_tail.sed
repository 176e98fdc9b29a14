# Expect: but B was polled before A
s/task->state == WAITING/task->state != DONE/
s/queue_push(task);/queue_remove(task);\
        &/
