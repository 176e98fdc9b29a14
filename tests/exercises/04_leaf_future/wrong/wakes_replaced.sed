# Expect: A was woken too, though another had taken its place: a waker that is
/^        waker_drop(&self->waker);$/c\
        waker_wake(&self->waker);
