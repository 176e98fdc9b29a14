# Expect: A wake returned with the lock held: whoever wants it next waits for ever.
/^    pthread_mutex_unlock(&self->lock);$/d
