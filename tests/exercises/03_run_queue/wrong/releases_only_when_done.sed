# Expect: but 2 of them were never given back
s/^        task_release/        if (task->future == NULL) task_release/
