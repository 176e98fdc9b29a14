# Expect: After 2 polls bell_wait() holds 2 wakers
/^    waker_drop(&self->waker);/d
