# Expect: Another task polled the receive in the middle of channel_send, just after
10a\
    struct waker receiver = waker_take(&channel->receiver);\
    pthread_mutex_unlock(&channel->lock);\
    pthread_mutex_lock(&channel->lock);
12d
