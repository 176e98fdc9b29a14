# Expect: was closed, but it was not yours
1s/^/#define _DEFAULT_SOURCE\
#include <unistd.h>\
/
s/^    self->left--;/    close(0);\
&/
