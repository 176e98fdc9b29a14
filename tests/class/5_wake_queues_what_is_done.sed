# A wake queues a task that is done.
# FAILED rules: a task that was done was woken, and that put it on the run-queue
/^static void task_wake/,/^}/ s/if (waits) task_move/task_move/
