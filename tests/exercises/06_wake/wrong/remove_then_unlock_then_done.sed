# Expect: A was woken after its last poll, while step was not over yet, and is in the
/^        queue_lock();$/a\
        queue_remove(task);\
        queue_unlock();\
        queue_lock();
/^        queue_remove(task);$/d
