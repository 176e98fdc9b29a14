# Expect: It called itself until the stack was full
s/^    self->left--;/    return countdown_poll(future, cx);/
