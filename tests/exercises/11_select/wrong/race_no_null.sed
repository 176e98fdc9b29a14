# Expect: It used memory
/^        self->child\[1 - i\] = NULL;$/d
