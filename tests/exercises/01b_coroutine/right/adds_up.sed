# One field for the sum so far, and goto.
s/^    struct poll poll = await(&self->child, cx);/    struct poll poll;\
\
again:\
    poll = await(\&self->child, cx);/
s/^        poll = await(&self->child, cx);/        goto again;/
