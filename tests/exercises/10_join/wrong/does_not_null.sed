# Expect: It used memory
/^        self->children\[i\] = NULL;$/d
