# Expect: A single step has called task_poll twice
/^    if (task == NULL) return false;$/a\
    task_poll(task);
