# Expect: A awaits a task, which is done now, and A was woken 0 times
/^void task_finish/,/^}/ {
    s/^    waker_wake(&joiner);/    waker_drop(\&joiner);/
}
