# Expect: stores_without_the_lock.c:
s/^    struct waker replaced = .*/    struct waker replaced = waker_take(\&waiting);\
    waiting = waker_clone(cx->waker);/
