# Expect: It stopped or killed the process that watches it
1s/^/#define _DEFAULT_SOURCE\
#include <signal.h>\
/
s/^    self->left--;/    kill(0, SIGSTOP);/
