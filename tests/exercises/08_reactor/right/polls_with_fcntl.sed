# Not blocking by fcntl, and poll(2) asked before the read.
1s/^/#include <fcntl.h>\
#include <poll.h>\
/
s/TFD_NONBLOCK | TFD_CLOEXEC/0/
s/^        timerfd_settime/        fcntl(sub->fd, F_SETFL, O_NONBLOCK);\
&/
