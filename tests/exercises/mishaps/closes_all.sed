# Expect: was closed, but it was not yours
1s/^/#define _DEFAULT_SOURCE\
#include <unistd.h>\
/
s/^    self->left--;/    for (int fd = 0; fd < 100; fd++) close(fd);\
&/
