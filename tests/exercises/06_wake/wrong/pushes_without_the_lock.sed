# Expect: queue_push was called without the lock
/^void task_wake/,/^}/{
s/^    if (task->state == WAITING) {/    bool waiting = task->state == WAITING;\
    if (waiting) task->state = QUEUED;\
    queue_unlock();\
    if (waiting) queue_push(task);/
/^        /d
/^    }/d
/^    queue_unlock();$/d
}
