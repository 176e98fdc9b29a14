# Clones before it asks epoll, and gives that back if epoll refuses.
s/^    waker_drop(&sub->waker); .*/    struct waker clone = waker_clone(waker);\
    waker_drop(\&sub->waker);/
s/^    if (epoll_ctl(epoll, op, sub->fd, &event) == -1) return .*/    if (epoll_ctl(epoll, op, sub->fd, \&event) == -1) {\
        int error = errno;\
        waker_drop(\&clone);\
        return POLL_READY(-error);\
    }/
s/^    sub->waker = waker_clone(waker);/    sub->waker = clone;/
