# Expect: bell_poll has woken its own task
s/^    return POLL_PENDING;/    waker_wake(\&self->waker);\
&/
