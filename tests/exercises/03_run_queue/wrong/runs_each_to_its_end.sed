# Expect: A was polled twice in a row: it was woken during its poll, so it is in the
s/^        task_poll(task);/        while (task->future != NULL) task_poll(task);/
