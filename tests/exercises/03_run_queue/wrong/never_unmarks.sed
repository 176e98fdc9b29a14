# Expect: A is polled, and task->queued is still set: a wake during the poll would
/task->queued = false/d
