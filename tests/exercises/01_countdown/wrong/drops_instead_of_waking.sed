# Expect: countdown(3) returned POLL_PENDING, but has arranged no wake: it has
/^    waker_wake(&waker);$/c\
    waker_drop(&waker);
