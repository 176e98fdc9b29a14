# Expect: is the count kept outside of the struct?
s/^    if (self->left == 0).*/    static int polls;\
\
    if (polls == self->from) {\
        polls = 0;\
        return POLL_READY(self->from);\
    }/
s/self->left--/polls++/
