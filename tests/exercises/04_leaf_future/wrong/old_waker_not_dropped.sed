# Expect: After poll number 2 bell_wait() holds 2 wakers
/^    waker_drop(&self->waker);/d
