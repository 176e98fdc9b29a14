# Expect: Two threads used the same memory at the same time
/^void task_wake/,/^}/{
s/^    queue_lock();/    if (task->state == DONE) return;\
&/
}
