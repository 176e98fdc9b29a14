# Expect: and 0 clones of its waker are kept
s/waker_clone(cx->waker)/*cx->waker/
