# Expect: it is ready when all are
/^        if (!poll\.ready) continue;$/a\
        if (i > 0 && self->children[0] == NULL && 0) break;\

/^    if (self->left > 0) return POLL_PENDING;$/c\
    if (self->left > 1) return POLL_PENDING;
