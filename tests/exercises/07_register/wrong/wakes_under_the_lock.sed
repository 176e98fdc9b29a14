# Expect: may poll the task on the spot
/^void flag_set/,/^}/{
/pthread_mutex_unlock/d
s/^    waker_wake.*/&\
    pthread_mutex_unlock(\&flag->lock);/
}
