# A loop over the awaits.
s/^    struct poll poll = await(&self->child, cx);/    struct poll poll;\
\
    while ((poll = await(\&self->child, cx)).ready \&\& self->state == SUM_FIRST) {/
/^    if (poll.ready && self->state == SUM_FIRST) {/d
/^        poll = await(&self->child, cx);/d
