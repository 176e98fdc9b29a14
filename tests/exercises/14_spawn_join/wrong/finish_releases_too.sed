# Expect: It used memory
/^void task_finish/,/^}/ {
    s/^    waker_wake(&joiner);/&\
    task_release(task);/
}
