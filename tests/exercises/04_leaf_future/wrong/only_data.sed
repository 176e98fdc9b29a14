# Expect: A polled the bell first, and a task of another executor polled it last, but
/^    return a->vtable == b->vtable && a->data == b->data;$/c\
    return a->data == b->data;
