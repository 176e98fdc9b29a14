# Expect: tick_poll has armed the timerfd again, in a poll before its tick
/^        timerfd_settime/d
s/^    return register_waker(.*/    timerfd_settime(sub->fd, 0, \&every, NULL);\
&/
