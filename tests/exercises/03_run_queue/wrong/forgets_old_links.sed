# Expect: The queue is empty, but queue_pop returned a task
/task->next = NULL/d
