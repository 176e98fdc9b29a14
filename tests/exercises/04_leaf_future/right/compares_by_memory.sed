# Two words without a gap between them.
1a #include <string.h>
s/^    return a->vtable == b->vtable && a->data == b->data;/    return memcmp(a, b, sizeof(*a)) == 0;/
