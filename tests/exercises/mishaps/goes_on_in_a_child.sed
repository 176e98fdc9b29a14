# Expect: behind. Nothing here may call fork
1s/^/#define _DEFAULT_SOURCE\
#include <unistd.h>\
/
s/^    self->left--;/    if (fork() > 0) _exit(0);\
&/
