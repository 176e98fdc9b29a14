# Expect: what is no memory from malloc. A future is given back with future_drop
/^        future_drop(self->children\[i\]);$/c\
        free(self->children[i]);
