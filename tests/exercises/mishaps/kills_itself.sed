# Expect: It was killed from outside
1s/^/#define _DEFAULT_SOURCE\
#include <signal.h>\
/
s/^    self->left--;/    raise(SIGKILL);/
