# Expect: bytes that were allocated by future_new
/^    future_drop(handle);$/c\
    task_release(task);
