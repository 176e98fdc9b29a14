# Expect: A polled the bell first, and a task of another executor polled it last, but
/^    if (!will_wake(&self->waker, cx->waker)) {$/c\
    if (self->waker.vtable == NULL) {
