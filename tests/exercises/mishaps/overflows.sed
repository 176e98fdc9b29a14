# Expect: signed integer overflow
s/^    self->left--;/    self->left += 2147483647;\
    self->left += 2147483647;/
