# Expect: It leaked 120 bytes that were allocated by future_new: nobody has freed
/^    future_drop(handle);$/c\
    task_release(task);
