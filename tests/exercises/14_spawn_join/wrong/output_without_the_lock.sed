# Expect: task_finish changed task->output without the lock
/^void task_finish/,/^}/ {
    /^    task->output/d
    s/^    pthread_mutex_lock(&task->lock);/    task->output = POLL_READY(value);\
&/
}
