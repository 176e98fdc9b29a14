# The task leaves the run-queue before the poll, and joins the wait-queue after.
# FAILED rules: a task was woken while it was polled, and the wake was lost
/^static void \*executor_loop/,/^}/ {
    s/task_move(task, WAITING);/task_move(task, DONE); task->link = (struct link){ \&task->link, \&task->link };/
    s/if (!poll.ready) EVENT/if (!poll.ready) task_move(task, WAITING); if (!poll.ready) EVENT/
}
