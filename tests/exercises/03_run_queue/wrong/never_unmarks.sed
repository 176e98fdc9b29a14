# Expect: queue_pop, which must clear it
/task->queued = false/d
