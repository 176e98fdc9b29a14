# Expect: task_wake looked at the state of a task without the lock
/^void task_wake/,/^}/{
s/^    queue_lock();/    if (task->state == DONE) return;\
&/
}
