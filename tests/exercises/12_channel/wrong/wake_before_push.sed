# Expect: Another task polled the receive in the middle of channel_send, just after
/^    values_push(channel, value);$/d
14a\
    pthread_mutex_lock(&channel->lock);\
    values_push(channel, value);\
    pthread_mutex_unlock(&channel->lock);
