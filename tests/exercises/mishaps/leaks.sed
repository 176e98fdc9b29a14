# Expect: bytes that were allocated by countdown_poll at
s/^    self->left--;/    void *volatile memory = malloc(8);\
    (void)memory;\
&/
