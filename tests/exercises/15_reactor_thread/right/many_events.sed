# Fetches several at a time.
s/^    struct epoll_event event;/    struct epoll_event events[16], event;\
    int n = 0;/
s/^        if (epoll_wait(epoll, &event, 1, -1) != 1) continue;.*/        if (n <= 0 \&\& (n = epoll_wait(epoll, events, 16, -1)) < 1) continue;\
        event = events[--n];/
s/^        if (event.data.u64 == REACTOR_STOP) return;/        if (event.data.u64 == REACTOR_STOP \&\& n == 0) return;\
        if (event.data.u64 == REACTOR_STOP) {\
            events[n] = events[0];\
            events[0] = event;\
            n++;\
            continue;\
        }/
