# Expect: but only A was dropped with it
/future_drop(self->child\[1\])/d
