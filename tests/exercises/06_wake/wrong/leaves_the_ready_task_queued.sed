# Expect: A was woken during its last poll, which was ready, and is still in the
/queue_remove(task);/d
