# Expect: channel_close changed channel->closed without the lock
/^void channel_close/,/^}/ {
    /pthread_mutex_/d
}
