# Expect: although it had not read the timerfd
s/^    if (read(.*/    ticks = 1;\
    if (sub->kind != 0 \&\& sub->waker.vtable == NULL) return POLL_READY(ticks);/
