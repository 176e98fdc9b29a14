# Expect: A was put into the queue twice. It was woken twice at the same moment, and
/^void task_wake/,/^}/{
s/^    queue_lock();/&\
    bool waiting = task->state == WAITING;\
    queue_unlock();\
&/
s/^    if (task->state == WAITING) {/    if (waiting) {/
}
