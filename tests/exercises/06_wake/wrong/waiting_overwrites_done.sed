# Expect: A was put into the queue twice. It was woken twice at the same moment, and
/^    if (task_poll(task)\.ready) {$/c\
    struct poll poll = task_poll(task);\
    if (poll.ready) {
32a\
    queue_lock();\
    if (!poll.ready && task->state == QUEUED) task->state = WAITING;\
    queue_unlock();
