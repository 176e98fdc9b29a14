# Expect: Two threads used the same memory at the same time
s/^    struct waker replaced = .*/    struct waker replaced = waker_take(\&waiting);\
    waiting = waker_clone(cx->waker);/
