# Expect: A task came into the queue, and the executor was woken 0 times instead of 1
/^void executor_notify/,/^}/ {
    s/waker_wake/waker_drop/
}
