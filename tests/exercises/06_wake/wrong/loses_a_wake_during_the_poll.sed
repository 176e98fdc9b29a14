# Expect: A was woken during its poll, by itself, and is not in the queue now: the
s/^    if (task != NULL) task->state = WAITING;//
s/^    if (task_poll(task).ready) {/    bool ready = task_poll(task).ready;\
    queue_lock();\
    task->state = WAITING;\
    queue_unlock();\
    if (ready) {/
