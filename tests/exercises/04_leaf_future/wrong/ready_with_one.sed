# Expect: After the ring bell_wait() was ready with 1, and not ready with 0
/^    if (self->rung) return POLL_READY(0);$/c\
    if (self->rung) return POLL_READY(1);
