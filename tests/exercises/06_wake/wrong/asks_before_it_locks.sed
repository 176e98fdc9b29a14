# Expect: A was put into the queue twice. It was woken twice at the same moment, and
/^void task_wake/,/^}/{
s/^    queue_lock();/    if (task->state != WAITING) return;\
&/
s/^    if (task->state == WAITING) {/    {/
}
