# Expect: A is ready, and join still keeps it: drop it at once, and not when join
/^        future_drop(self->children\[i\]);$/c\
        free(self->children[i]);
