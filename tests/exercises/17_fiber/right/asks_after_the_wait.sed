s/^    while (!self->dropped) {/    if (!self->dropped) do {/
s/^        stack_leave(self->stack);/&\
        if (self->dropped) break;/
s/^    }$/    } while (true);/
