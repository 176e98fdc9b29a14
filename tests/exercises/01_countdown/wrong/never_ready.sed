# Expect: countdown(0) is still pending after 1 poll, so it will never be ready: who
s/^    if (self->left == 0) .*$//
