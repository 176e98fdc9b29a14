# Expect: It used memory
/^    while ((task = queue_pop()) != NULL) {$/a\
        task_release(task);
/^        task_release(task);$/d
