# Expect: B's waker took the place of A's, and that was not dropped: it is lost.
/^    waker_drop(&replaced); \/\/ without the lock, as all that calls a vtable$/c\
    (void)replaced;
