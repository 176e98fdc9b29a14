# Another clock, and the first tick at a point in time.
s/^        timerfd_settime(sub->fd, 0, &every, NULL);/        struct timespec now;\
        clock_gettime(CLOCK_MONOTONIC, \&now);\
        every.it_value.tv_sec += now.tv_sec + (now.tv_nsec + every.it_value.tv_nsec) \/ 1000000000;\
        every.it_value.tv_nsec = (now.tv_nsec + every.it_value.tv_nsec) % 1000000000;\
        timerfd_settime(sub->fd, TFD_TIMER_ABSTIME, \&every, NULL);/
1a #include <time.h>
