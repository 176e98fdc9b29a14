# Expect: countdown(0) is still pending after 1 poll, so it will never be ready: who
/^    if (self->left == 0) return POLL_READY(self->from);$/c\
    if (self->left < 0) return POLL_READY(self->from);
