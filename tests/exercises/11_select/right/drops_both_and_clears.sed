# The drop leaves NULL behind, too.
s/^    future_drop(self->child\[0\]);/&\
    self->child[0] = NULL;/
s/^    future_drop(self->child\[1\]);/&\
    self->child[1] = NULL;/
