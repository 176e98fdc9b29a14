# Expect: It hung, spinning
1s/^/#include <stdio.h>\
/
s/^    self->left--;/    for (;;) puts("0.123456 check poll I print what looks like an event");/
