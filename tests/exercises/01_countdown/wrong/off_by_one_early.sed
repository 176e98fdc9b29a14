# Expect: each poll must count one down and return
/^    if (self->left == 0) return POLL_READY(self->from);$/c\
    if (self->left <= 1) return POLL_READY(self->from);
