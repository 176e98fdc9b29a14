# Expect: was woken with the lock held
/^void flag_set/,/^}/{
/pthread_mutex_unlock/d
s/^    waker_wake.*/&\
    pthread_mutex_unlock(\&flag->lock);/
}
