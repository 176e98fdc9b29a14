# Expect: It did what C does not define at
s/^    self->left--;/    struct countdown *volatile none = NULL;\
    none->left--;/
