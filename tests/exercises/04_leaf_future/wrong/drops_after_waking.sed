# Expect: A waker of visitor was dropped that nobody had cloned: the one in the
s/^    waker_wake(&self->waker);/    struct waker waker = self->waker;\
    waker_wake(\&waker);/
