# Expect: Two threads used the same memory at the same time
s/^    struct waker replaced = \(.*\)/    static struct waker replaced;\
    replaced = \1/
