# Expect: was dropped with the lock held
/^struct poll flag_wait_poll/,/^}/{
/pthread_mutex_unlock/d
s/^    waker_drop.*/&\
    pthread_mutex_unlock(\&flag->lock);/
}
