# Expect: who does not poll it leaves nobody to wake the task
s/^        poll = await(&self->child, cx);/        struct waker again = waker_clone(cx->waker);\
        waker_wake(\&again);\
        return POLL_PENDING;/
