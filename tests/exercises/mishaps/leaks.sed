# Expect: It leaked memory that was allocated at
s/^    self->left--;/    void *volatile memory = malloc(8);\
    (void)memory;\
&/
