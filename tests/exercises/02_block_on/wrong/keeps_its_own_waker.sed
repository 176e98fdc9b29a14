# Expect: It leaked memory
/^    waker_drop(&waker)/d
