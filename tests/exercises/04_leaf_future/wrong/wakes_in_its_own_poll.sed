# Expect: bell_poll has woken its own task
s/^    self->waker = .*/&\
    waker_wake(\&self->waker);/
