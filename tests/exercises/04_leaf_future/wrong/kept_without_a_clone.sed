# Expect: was woken that nobody had cloned
s/waker_clone(cx->waker)/*cx->waker/
/^    waker_drop(&self->waker);/d
