# Expect: A is polled, and task->queued is still set: a wake during the poll would
/^    task->queued = false; \/\/ from here on a wake queues it again$/d
/^        task_poll(task);$/a\
        task->queued = false;
