# Expect: what is no memory from malloc. A future is given back with future_drop
s/^    if (self->left == 0) .*/    if (self->left == 0) {\
        int from = self->from;\
        free(self);\
        return POLL_READY(from);\
    }/
