# Expect: channel_close changed channel->closed without the lock. Another thread may
/^void channel_close/,/^}/ {
    /pthread_mutex_/d
}
