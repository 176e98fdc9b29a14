# Expect: It called abort (Aborted), while the check waited for poll number 1
s/^    self->left--;/    abort();/
