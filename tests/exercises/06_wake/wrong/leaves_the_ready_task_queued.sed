# Expect: is still in the queue when step returns
/queue_remove(task);/d
