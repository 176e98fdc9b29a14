# Expect: countdown(3) returned POLL_PENDING at poll number 2 and keeps a waker, but
/^    struct waker waker = waker_clone(cx->waker);$/,/^    waker_wake(&waker);$/c\
    if (self->left == self->from - 1) {\
        struct waker waker = waker_clone(cx->waker);\
        waker_wake(&waker);\
    }
