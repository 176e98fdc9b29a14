# Expect: A was woken when block_on had looked at `woken` and was about to sleep,
/^    self->woken = true; \/\/ block_on may not sleep yet: it looks before it does$/d
/^    pthread_mutex_unlock(&self->lock);$/a\
    self->woken = true;
