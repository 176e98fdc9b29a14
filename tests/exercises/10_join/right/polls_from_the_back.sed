# In whatever order they are polled, all of them are.
s/^    for (int i = 0; i < self->count; i++) {/    for (int i = self->count - 1; i >= 0; i--) {/
