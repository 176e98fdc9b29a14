# Expect: It freed memory at
s/^    self->left--;/    void *volatile memory = malloc(8);\
    free(memory);\
    free(memory);\
&/
