# await polls the child, and drops it and leaves NULL if it is ready.
s/^        struct poll poll = future_poll(self->children\[i\], cx);/        struct poll poll = await(\&self->children[i], cx);/
/^        future_drop(self->children\[i\]);/d
/^        self->children\[i\] = NULL;/d
