# Expect: flag_wait_poll looked at flag->waker without the lock
s/^    return flag->set .*/    if (!flag->set) return POLL_PENDING;\
    waker_drop(\&flag->waker);\
    return POLL_READY(0);/
