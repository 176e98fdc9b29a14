# Expect: the child keeps one, and the sum none
s/^    if (!poll.ready) return POLL_PENDING;/    if (!poll.ready) {\
        waker_clone(cx->waker);\
        return POLL_PENDING;\
    }/
