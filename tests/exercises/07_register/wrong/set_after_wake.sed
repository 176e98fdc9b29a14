# Expect: A polled in the middle of flag_set, just after it gave the lock back. The
/^    flag->set = true;$/d
/^    waker_wake(&waker);$/a\
    flag->set = true;
