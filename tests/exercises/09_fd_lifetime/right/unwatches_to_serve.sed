# serve takes the waker, and undoes the registration like the others.
s/^    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);$/    struct waker waker = waker_take(\&sources[fd].waker);\
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);\
    sources[fd].generation++;/
s/^    waker_wake(&sources\[fd\].waker);/    waker_wake(\&waker);/
