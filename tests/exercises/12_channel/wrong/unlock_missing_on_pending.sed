# Expect: receive_poll returned with the lock held: whoever wants it next waits for
51c\
    if (poll.ready) pthread_mutex_unlock(&channel->lock);
