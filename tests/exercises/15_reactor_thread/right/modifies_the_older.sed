# Changes the older registration, and adds one if there is none.
s/^    struct waker replaced = take(epoll, fd);/    bool known = sources[fd].waker.vtable != NULL;\
    struct waker replaced = waker_take(\&sources[fd].waker);\
    sources[fd].generation++;/
s/EPOLL_CTL_ADD/known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD/
