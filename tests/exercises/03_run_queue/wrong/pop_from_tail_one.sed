# Expect: run returned with an empty queue, but C was never polled: it was queued,
/^    head = task->next;$/c\
    head = task->next == tail ? NULL : task->next;
