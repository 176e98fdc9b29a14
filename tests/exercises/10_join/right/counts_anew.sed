# Counts in each poll those that are left, and drops from the back.
s/^    for (int i = 0; i < self->count; i++) {/    self->left = self->count;\
&/
s/^        if (self->children\[i\] == NULL) continue;/        if (self->children[i] == NULL) {\
            self->left--;\
            continue;\
        }/
s/^    for (int i = 0; i < self->count; i++) future_drop(self->children\[i\]);/    for (int i = self->count; i-- > 0;) future_drop(self->children[i]);/
