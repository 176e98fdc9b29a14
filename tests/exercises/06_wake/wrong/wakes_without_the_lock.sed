# Expect: task_wake looked at the state of a task without the lock
/^void task_wake/,/^}/{
/queue_lock/d
/queue_unlock/d
}
