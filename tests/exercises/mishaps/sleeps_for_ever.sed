# Expect: It hung, asleep: no thread was left that could run, while the check waited for poll number 1
1s/^/#define _DEFAULT_SOURCE\
#include <unistd.h>\
/
s/^    self->left--;/    pause();/
