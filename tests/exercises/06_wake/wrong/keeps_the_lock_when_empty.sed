# Expect: step returned with the lock held
/^    if (task == NULL)/d
s/^    if (task != NULL) task->state/    if (task == NULL) return false;\
    task->state/
