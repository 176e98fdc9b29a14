# Expect: and that was not dropped
s/^    waker_drop.*/    (void)replaced;/
