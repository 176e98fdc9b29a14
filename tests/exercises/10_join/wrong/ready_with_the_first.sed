# Expect: it is ready when all are
s/if (self->left > 0) return/if (self->left == self->count) return/
