# Expect: receive_poll called values_pop without the lock
/^struct poll receive_poll/,$ {
    /pthread_mutex_/d
}
