# Expect: tick_poll called read before the first tick, on a timerfd that makes the
s/TFD_NONBLOCK | //
