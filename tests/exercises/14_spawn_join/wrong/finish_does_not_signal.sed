# Expect: It hung, asleep
/^void task_finish/,/^}/ {
    /pthread_cond_signal/d
}
