# Clones before it drops.
s/^        waker_drop(&self->waker);/        struct waker old = self->waker;/
s/^        self->waker = waker_clone(cx->waker);/&\
        waker_drop(\&old);/
