# Expect: It went beyond the end of its memory at
s/^    self->left--;/    char *volatile memory = malloc(8);\
    memory[8] = 1;\
    free(memory);\
&/
