# Expect: It used memory
s/^    struct poll poll = await(&self->child, cx);/    struct future *was = self->child;\
&\
    if (poll.ready) future_drop(was);/
