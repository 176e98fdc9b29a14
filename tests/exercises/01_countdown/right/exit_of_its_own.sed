# A helper may have any name.
s/^static struct poll countdown_poll/void _exit(int status);\
void fail(int *left);\
int harness_now;\
void fail(int *left)\
{\
    (*left)--;\
}\
\
void _exit(int status)\
{\
    fail(\&status);\
    for (;;) harness_now = status;\
}\
\
&/
s/^    self->left--;/    fail(\&self->left);/
