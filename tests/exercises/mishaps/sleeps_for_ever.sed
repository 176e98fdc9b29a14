# Expect: countdown_poll called pause: it waits there
1s/^/#define _DEFAULT_SOURCE\
#include <unistd.h>\
/
s/^    self->left--;/    pause();/
