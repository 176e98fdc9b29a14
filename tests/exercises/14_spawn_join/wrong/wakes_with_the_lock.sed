# Expect: was woken with the lock held
/^void task_finish/,/^}/ {
    /waker_wake/d
    s/^    struct waker joiner = .*/    waker_wake(\&task->joiner);/
}
