s/^    struct fiber \*self = running;/    struct fiber *self = running, *keep = running;/
s/^        stack_leave(self->stack);/&\
        running = keep;/
