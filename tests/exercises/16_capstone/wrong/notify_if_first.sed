# Expect: A task came into the queue, and the executor was woken 1 time instead of 2
/^    waker_wake(&waker);$/c\
    static bool once;\
    if (!once) waker_wake(&waker);\
    else waker_drop(&waker);\
    once = true;
