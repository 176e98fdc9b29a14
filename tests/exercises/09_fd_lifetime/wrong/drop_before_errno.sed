# Expect: epoll_ctl refuses /dev/null with EPERM, and watch was ready with -34: it is
/^    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)$/c\
    source->waker = waker_clone(waker);\
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1) {\
        waker_drop(&source->waker);
/^    source->waker = waker_clone(waker);$/c\
    }
