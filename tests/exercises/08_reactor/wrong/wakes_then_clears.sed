# Expect: A waker of A was dropped that nobody had cloned: the one in the context is
/^        waker_wake(&sub->waker);$/c\
        if (sub->waker.vtable) sub->waker.vtable->wake(sub->waker.data);\
        sub->waker.vtable = NULL;
