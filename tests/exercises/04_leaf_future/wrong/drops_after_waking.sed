# Expect: was dropped that nobody had cloned
s/^    waker_wake(&self->waker);/    struct waker waker = self->waker;\
    waker_wake(\&waker);/
