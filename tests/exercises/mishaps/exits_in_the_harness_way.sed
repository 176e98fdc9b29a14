# Expect: It ended the program, with status 0
1s/^/#define _DEFAULT_SOURCE\
#include <unistd.h>\
/
s/^    self->left--;/    _exit(0);/
