# Expect: handle_join returned and has not dropped the handle
/^    future_drop(handle);$/c\
    task_release(task);
