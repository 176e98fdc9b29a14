# Expect: tick_poll was ready, and has left its waker with the reactor
s/^    if (read(sub->fd/    struct poll poll = register_waker(epoll, sub, cx->waker);\
&/
s/^    return register_waker(.*/    return poll;/
