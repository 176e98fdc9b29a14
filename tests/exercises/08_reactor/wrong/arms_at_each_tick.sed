# Expect: tick_poll has armed the timerfd again, after its tick
s/^    if (read(\(.*\)) > 0) return.*/    if (read(\1) > 0) {\
        timerfd_settime(sub->fd, 0, \&every, NULL);\
        return POLL_READY(ticks);\
    }/
