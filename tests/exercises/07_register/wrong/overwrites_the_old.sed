# Expect: B's waker took the place of A's, and that was not dropped: it is lost.
s/^    waker_drop.*/    (void)replaced;/
