# Expect: countdown(0) has woken its task in the poll that was ready: there is
16a\
    struct waker waker = waker_clone(cx->waker);\
    waker_wake(&waker);
/^    struct waker waker = waker_clone(cx->waker);$/,/^    waker_wake(&waker);$/d
