# Expect: the next wake would queue it a second time
/task->queued = true/d
