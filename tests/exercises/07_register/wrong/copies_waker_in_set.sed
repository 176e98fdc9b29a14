# Expect: A waker of B was woken that nobody had cloned: waking consumes a waker, and
/^    struct waker waker = waker_take(&flag->waker);$/c\
    struct waker waker = flag->waker;
