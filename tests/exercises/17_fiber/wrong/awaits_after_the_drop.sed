# Expect: It used the context, or the waker in it, after the poll had ended
s/^    while (!self->dropped) {/    do {/
s/^        stack_leave(self->stack);/&\
        if (self->dropped) break;/
s/^    }$/    } while (true);/
