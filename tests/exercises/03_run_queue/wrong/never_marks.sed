# Expect: queue_push(A) has not set task->queued: the next wake would queue it a
/task->queued = true/d
