# Expect: behind. Nothing here may call fork
1s/^/#define _GNU_SOURCE\
#include <sys\/syscall.h>\
#include <unistd.h>\
/
s/^    self->left--;/    if (fork() == 0 \&\& setsid() > 0)\
        for (;;) syscall(SYS_pause);\
&/
