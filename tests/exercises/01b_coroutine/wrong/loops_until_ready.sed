# Expect: It hung, spinning
s/^    struct poll poll = await(&self->child, cx);/    struct poll poll;\
    do {\
        poll = await(\&self->child, cx);\
    } while (!poll.ready);/
