# Expect: before its first poll, and its
s/^    if (self->stack != NULL) fiber_enter(self);/    if (self->stack == NULL \&\& !future->done) self->stack = stack_new("fiber", fiber_main, self);\
    if (self->stack != NULL) fiber_enter(self);/
