# Expect: It hung, asleep: no thread was left that could run, while the check waited for poll number 1
1s/^/#define _GNU_SOURCE\
#include <sys\/syscall.h>\
#include <unistd.h>\
/
s/^    self->left--;/    syscall(SYS_pause);\
&/
