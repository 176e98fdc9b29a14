# Expect: watch was ready with -EEXIST: the descriptor is in the epoll set already,
/^    if (sources\[fd\]\.generation != event\.data\.u64 >> 32) return;$/a\
    waker_wake(&sources[fd].waker);
/^    waker_wake(&sources\[fd\]\.waker);$/d
