# Expect: A, the first child, was ready, and yet B was polled. It was ready too, so
/^        struct poll poll = await(&self->child\[i\], cx);$/c\
        struct poll poll = await(&self->child[1 - i], cx);
/^        future_drop(self->child\[1 - i\]);$/,/^        self->child\[1 - i\] = NULL;$/c\
        future_drop(self->child[i]);\
        self->child[i] = NULL;
