# Expect: while it awaited the second future, and that was dropped 0 times
s/^    future_drop(((struct sum \*)future)->child);/    struct sum *self = (struct sum *)future;\
    if (self->state == SUM_FIRST) future_drop(self->child);/
