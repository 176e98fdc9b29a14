# Expect: A was deregistered, and 1 wakers of it are kept, and it was woken 0 times
/^void reactor_deregister/,/^}/ {
    s/^    waker_drop(&waker);/    (void)waker;/
}
