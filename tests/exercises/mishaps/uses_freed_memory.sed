# Expect: It used memory at
s/^    self->left--;/    int *volatile memory = malloc(8);\
    free(memory);\
    self->left = *memory;/
