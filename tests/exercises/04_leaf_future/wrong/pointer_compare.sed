# Expect: A polled 3 times, with one and the same waker, and 3 clones were made: the
/^    return a->vtable == b->vtable && a->data == b->data;$/c\
    return a == b;
