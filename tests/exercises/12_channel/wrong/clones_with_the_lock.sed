# Expect: was cloned with the lock held
s/^    struct waker waker = waker_clone(cx->waker);/    struct waker waker = { 0 };/
s/^        waker_wake(&waker);/        waker = waker_clone(cx->waker);\
&/
s/^        channel->receiver = waker;/        channel->receiver = waker_clone(cx->waker);/
