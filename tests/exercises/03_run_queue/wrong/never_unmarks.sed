# Expect: queue_pop must clear it
/task->queued = false/d
