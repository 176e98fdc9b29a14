# Expect: A waker of visitor was dropped that nobody had cloned: the one in the
/^    waker_wake(&self->waker);$/c\
    if (self->waker.vtable) self->waker.vtable->wake(self->waker.data);\
    self->waker.vtable = NULL;
