# Registers at each poll, before it reads, and undoes that when it is ready.
s/^    while (inbox->have < sizeof(inbox->bytes)) {/    struct subscription *sub = \&((struct receive *)future)->sub;\
    struct poll left = reactor_register_waker(sub, cx->waker);\
    if (left.ready) return left;\
&/
s/^            return reactor_register_waker(.*/            return POLL_PENDING;/
/^                                          cx->waker);/d
