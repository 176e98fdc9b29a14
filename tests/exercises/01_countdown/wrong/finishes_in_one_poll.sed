# Expect: each poll must count one down and return
s/^    if (self->left == 0) .*$/    while (self->left > 0) self->left--;\
    if (cx != NULL) return POLL_READY(self->from);/
