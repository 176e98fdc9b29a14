# Expect: step has polled A, and returned false
/^    return true;$/c\
    return task->state == DONE;
