# Expect: task_release was called with the lock
/^void handle_drop/,/^}/ {
    /^    task_release/d
    s/^    pthread_mutex_unlock/    task_release(task);\
&/
}
