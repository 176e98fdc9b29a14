# Expect: It does not compile:
s/^    self->left--;/    self->left--/
