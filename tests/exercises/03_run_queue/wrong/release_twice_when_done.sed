# Expect: It used memory
/^        task_poll(task);$/a\
        if (task->future == NULL) task_release(task);
