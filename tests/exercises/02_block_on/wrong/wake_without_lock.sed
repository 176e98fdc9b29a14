# Expect: A was woken when block_on had looked at `woken` and was about to sleep,
/^    pthread_mutex_lock(&self->lock);$/d
/^    pthread_mutex_unlock(&self->lock);$/d
