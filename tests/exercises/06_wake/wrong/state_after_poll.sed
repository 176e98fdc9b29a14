# Expect: A was woken during its poll, by itself, and is not in the queue now: the
/^    if (task != NULL) task->state = WAITING;$/d
/^    if (task_poll(task)\.ready) {$/c\
    if (!task_poll(task).ready) {\
        queue_lock();\
        task->state = WAITING;\
        queue_unlock();\
    } else {
