# Expect: countdown(1) was ready with the value 0, and not with 1, where it began
/^    if (self->left == 0) return POLL_READY(self->from);$/a\
    self->from--;
