# The wake may come before the count: the task is polled later.
/self->left--;/d
s/^    waker_wake(&waker);/&\
    self->left -= 1;/
