# Expect: The second future was made, and in that poll it was polled 0 times: who
/^    struct sum \*self = (struct sum \*)future;$/a\
    if (self->child == NULL) return POLL_READY(self->a);
/^        poll = await(&self->child, cx);$/c\
        poll = POLL_PENDING;
