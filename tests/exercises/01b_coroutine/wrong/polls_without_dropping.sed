# Expect: but not dropped yet: await drops a child as soon as it is ready
s/^    struct poll poll = await(&self->child, cx);/    struct poll poll = future_poll(self->child, cx);/
