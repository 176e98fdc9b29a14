# Expect: it is ready when all are
/^        struct poll poll = future_poll(self->children\[i\], cx);$/a\
        self->left--;
/^        self->left--;$/d
