# Expect: must give up the one that has lost, with future_drop
/future_drop(self->child\[1 - i\])/d
