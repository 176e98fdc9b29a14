# Expect: both wakes found it waiting
/^void task_wake/,/^}/{
s/^    queue_lock();/    if (task->state != WAITING) return;\
&/
s/^    if (task->state == WAITING) {/    {/
}
