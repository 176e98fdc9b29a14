# Expect: that had been freed before at
s/^    if (self->left == 0) .*/    if (self->left == 0) {\
        int from = self->from;\
        free(self);\
        return POLL_READY(from);\
    }/
