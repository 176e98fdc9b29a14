# Expect: so it will never be ready
s/^    if (self->left == 0) .*$//
