# If the second look finds the flag set, the waker is taken back.
s/^    return flag->set ? .*/    if (!flag->set) return POLL_PENDING;\
    pthread_mutex_lock(\&flag->lock);\
    struct waker left = waker_take(\&flag->waker);\
    pthread_mutex_unlock(\&flag->lock);\
    waker_drop(\&left);\
    return POLL_READY(0);/
