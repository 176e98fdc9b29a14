# Signals when the lock is free, to all, and locks once more than it must.
/^    pthread_cond_signal/d
s/^    pthread_mutex_unlock(&self->lock);/&\
    pthread_cond_broadcast(\&self->cv);/
s/^    waker_drop(&waker);/    parker_drop(parker);/
