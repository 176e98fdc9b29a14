# Expect: step changed the state of a task without the lock. Another thread may look
/^    if (task_poll(task)\.ready) {$/a\
        task->state = DONE;
/^        task->state = DONE;$/d
