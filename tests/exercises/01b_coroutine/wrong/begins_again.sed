# Expect: there is nothing to await
s/^    struct poll poll = await(&self->child, cx);/    struct poll poll;\
    if (self->state == SUM_SECOND) self->child = NULL;\
    poll = await(\&self->child, cx);/
