# Expect: tick_poll called read before the first tick, on a timerfd that makes the
/^        sub->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);$/c\
        sub->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
