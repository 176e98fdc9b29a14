# An older registration is changed, where there is one.
s/^    unwatch(epoll, fd);$/    bool known = source->waker.vtable != NULL;\
    source->generation++;\
    waker_drop(\&source->waker);/
s/^    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)/    if (epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, \&event) == -1 \&\&\
        (!known || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, \&event) == -1))/
