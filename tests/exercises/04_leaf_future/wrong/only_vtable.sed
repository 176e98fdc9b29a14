# Expect: A polled the bell first and B last, and when it rang A was woken 1 time
/^    return a->vtable == b->vtable && a->data == b->data;$/c\
    return a->vtable == b->vtable;
