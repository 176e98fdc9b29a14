# Expect: what is no memory from malloc. A future is given back with future_drop
s/future_drop(self->child\[1 - i\])/free(self->child[1 - i])/
