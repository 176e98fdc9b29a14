# Takes it out first, and makes it done then, under the same lock.
/^        task->state = DONE;/d
s/^        queue_remove(task);/&\
        task->state = DONE;/
