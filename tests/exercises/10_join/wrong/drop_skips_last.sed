# Expect: join was dropped, and with it
/^    for (int i = 0; i < self->count; i++) future_drop(self->children\[i\]);$/c\
    for (int i = 0; i < self->count - 1; i++) future_drop(self->children[i]);
