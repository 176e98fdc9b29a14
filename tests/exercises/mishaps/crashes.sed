# Expect: it followed a NULL pointer
s/^    self->left--;/    volatile uintptr_t none = 16;\
    *(int *)none = 1;/
