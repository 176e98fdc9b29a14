# Expect: channel_send looked at channel->closed without the lock
/^void channel_send/,/^}/s/^    pthread_mutex_lock/    if (channel->closed) return;\
&/
