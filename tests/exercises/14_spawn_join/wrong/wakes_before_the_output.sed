# Expect: A polled the handle in the middle of task_finish, just after it gave the
/^void task_finish/,/^}/ {
    /^    task->output/d
    s/^    waker_wake(&joiner);/&\
    pthread_mutex_lock(\&task->lock);\
    task->output = POLL_READY(value);\
    pthread_cond_signal(\&task->done);\
    pthread_mutex_unlock(\&task->lock);/
    /^    pthread_cond_signal(&task->done);$/d
}
