# Expect: Take it out and make it done in one piece
/^    if (task_poll/,/^    }/{
/task->state = DONE;/d
s/^        queue_remove(task);/&\
        queue_unlock();\
        queue_lock();\
        task->state = DONE;/
}
