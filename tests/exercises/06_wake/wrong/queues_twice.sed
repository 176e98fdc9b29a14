# Expect: A was woken while it was in the queue, and was put there a second time. It
s/task->state == WAITING/task->state != DONE/
