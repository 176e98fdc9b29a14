# Expect: queue_push was called without the lock
/^void task_wake/,/^}/{
/queue_lock/d
/queue_unlock/d
}
