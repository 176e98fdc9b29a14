# The waker is in its place before epoll is told.
s/^    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)/    sources[fd].waker = latest;\
    latest.vtable = NULL;\
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, \&event) == -1) {/
s/^        error = errno;/&\
        latest = waker_take(\&sources[fd].waker);\
    }/
/^    else$/d
/^        sources\[fd\].waker = waker_take(&latest);/d
