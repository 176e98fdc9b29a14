# Expect: step changed the state of a task without the lock. Another thread may look
/^    struct task \*task = queue_pop();$/a\
    queue_unlock();
23d
