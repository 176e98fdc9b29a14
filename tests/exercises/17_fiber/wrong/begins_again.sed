# Expect: The function of the fiber was begun 2 times
s/^    if (self->stack == NULL) self->stack/    self->stack/
