# Expect: handle_join looked at task->output without the lock
/^intptr_t handle_join/,/^}/{
/^    while/i\
    pthread_mutex_unlock(\&task->lock);\
    if (task->output.ready) {\
        intptr_t early = task->output.value;\
        future_drop(handle);\
        return early;\
    }\
    pthread_mutex_lock(\&task->lock);
}
