# Expect: its drop function never ran
s/future_drop(self->child\[1 - i\])/free(self->child[1 - i])/
