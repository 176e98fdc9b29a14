# Expect: A was woken after its last poll, while step was not over yet, and is in the
/^    if (task_poll/,/^    }/{
/task->state = DONE;/d
s/^        queue_remove(task);/&\
        queue_unlock();\
        queue_lock();\
        task->state = DONE;/
}
