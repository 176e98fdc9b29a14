# Expect: countdown_poll called usleep: it looks from time to time
1s/^/#define _DEFAULT_SOURCE\
#include <unistd.h>\
/
s/^    self->left--;/    usleep(1000);\
&/
