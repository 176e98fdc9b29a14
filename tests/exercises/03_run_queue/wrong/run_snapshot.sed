# Expect: run returned after 2 polls, too early: A was still in the queue, and others
/^    struct task \*task;$/c\
    struct task *task, *last = tail;
/^    while ((task = queue_pop()) != NULL) {$/c\
    while (head != NULL && (task = queue_pop()) != NULL) {\
        if (task == last) {\
            task_poll(task);\
            task_release(task);\
            return;\
        }
