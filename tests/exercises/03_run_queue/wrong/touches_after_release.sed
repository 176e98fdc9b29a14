# Expect: It used memory
/^        task_release(task);$/a\
        task->queued = false;
