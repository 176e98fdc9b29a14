# Expect: to sleep until the tick comes is to block in a poll
s/^    return register_waker.*/    register_waker(epoll, sub, cx->waker);\
    reactor_turn(epoll, -1);\
    return tick_poll(epoll, sub, ms, cx);/
