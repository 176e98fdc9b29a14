# Expect: Descriptor 0 was deregistered, and the waker is kept: 0 is a descriptor
/^void reactor_deregister/,/^}/ {
    s/^    waker_drop(&waker);/    (void)waker;/
}
