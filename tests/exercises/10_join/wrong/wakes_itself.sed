# Expect: join has woken its own task
s/^    if (self->left > 0) return POLL_PENDING;/    struct waker waker = waker_clone(cx->waker);\
    waker_wake(\&waker);\
&/
