# Expect: It hung, asleep: no thread was left that could run, while the check waited
/^    self->woken = true; \/\/ block_on may not sleep yet: it looks before it does$/d
/^    pthread_mutex_unlock(&self->lock);$/a\
    self->woken = true;
