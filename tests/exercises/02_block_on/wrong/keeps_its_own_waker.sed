# Expect: bytes that were allocated by box_new at
/^    waker_drop(&waker)/d
