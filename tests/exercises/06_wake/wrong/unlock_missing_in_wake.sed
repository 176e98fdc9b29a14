# Expect: task_wake returned with the lock held: whoever wants it next waits for
/^        queue_push(task);$/a\
        queue_unlock();
13d
