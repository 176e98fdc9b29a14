# Expect: the waker that it kept was never dropped
s/^    waker_drop(&((struct.*/    (void)future;/
