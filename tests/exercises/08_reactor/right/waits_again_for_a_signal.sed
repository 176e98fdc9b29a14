# A signal may interrupt it: then it waits once more.
s/^    int n = epoll_wait(epoll, events, 16, ms);/    int n;\
\
    do {\
        n = epoll_wait(epoll, events, 16, ms);\
    } while (n == -1 \&\& errno == EINTR);/
