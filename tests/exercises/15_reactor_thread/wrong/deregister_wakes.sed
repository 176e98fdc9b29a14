# Expect: A was deregistered, and 0 wakers of it are kept, and it was woken 1 time
/^void reactor_deregister/,/^}/ {
    s/waker_drop(&waker)/waker_wake(\&waker)/
}
