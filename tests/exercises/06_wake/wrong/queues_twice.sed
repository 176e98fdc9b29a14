# Expect: and was put there a second time
s/task->state == WAITING/task->state != DONE/
