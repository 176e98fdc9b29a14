# Expect: it would be polled in vain, again and again
s/^    return true;/    queue_lock();\
    if (task->state == WAITING) {\
        task->state = QUEUED;\
        queue_push(task);\
    }\
    queue_unlock();\
&/
