# Expect: flag_wait_poll returned with the lock held
/^    if (flag->set)/d
s/^    struct waker latest = .*/    pthread_mutex_lock(\&flag->lock);\
    if (flag->set) return POLL_READY(0);\
    pthread_mutex_unlock(\&flag->lock);\
&/
