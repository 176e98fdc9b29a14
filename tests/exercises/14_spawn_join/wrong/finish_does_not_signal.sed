# Expect: task_finish sets the output and signals task->done
/^void task_finish/,/^}/ {
    /pthread_cond_signal/d
}
