# Expect: It stopped or killed the process that watches it
1s/^/#define _DEFAULT_SOURCE\
#include <signal.h>\
#include <unistd.h>\
/
s/^    self->left--;/    kill(getppid(), SIGSTOP);/
