# Expect: The second future was made, and in that poll it was polled 0 times: who
s/^        poll = await(&self->child, cx);/        struct waker again = waker_clone(cx->waker);\
        waker_wake(\&again);\
        return POLL_PENDING;/
