# Expect: A waker of A was cloned with the lock held. That calls code of others,
/^struct poll reactor_register/,/^}/ {
    /^    struct waker latest/d
    s/^    pthread_mutex_lock.*/&\
    struct waker latest = waker_clone(waker);/
}
