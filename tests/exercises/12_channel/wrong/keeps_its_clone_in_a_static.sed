# Expect: Two threads used the same memory at the same time
s/^    struct waker waker = waker_clone/    static struct waker waker;\
    waker = waker_clone/
