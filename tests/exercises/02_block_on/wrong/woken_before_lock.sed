# Expect: Two threads used the same memory at the same time
27a\
    self->woken = true;
/^    self->woken = true; \/\/ block_on may not sleep yet: it looks before it does$/d
