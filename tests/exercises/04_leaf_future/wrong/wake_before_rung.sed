# Expect: bell_ring woke the task before it had noted that the bell was rung. The
35a\
    waker_wake(&self->waker);
/^    waker_wake(&self->waker);$/d
