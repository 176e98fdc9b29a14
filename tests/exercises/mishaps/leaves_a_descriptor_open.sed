# Expect: is still open: whoever opens one closes it
1s/^/#define _DEFAULT_SOURCE\
#include <unistd.h>\
/
s/^    self->left--;/    if (dup(1) == -1) abort();\
&/
