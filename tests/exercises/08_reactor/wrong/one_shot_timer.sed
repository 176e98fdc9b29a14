# Expect: It hung, asleep: no thread was left that could run, while the check waited
/^    struct itimerspec every = { period, period };$/c\
    struct itimerspec every = { { 0, 0 }, period };
