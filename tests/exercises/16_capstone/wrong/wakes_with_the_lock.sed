# Expect: A waker of thread was woken with the lock held. That calls code of others,
/^void executor_notify/,/^}/ {
    s/^    struct waker waker = .*/    pthread_mutex_lock(\&lock);/
    s/^    waker_wake.*/    waker_wake(\&waiting);\
    pthread_mutex_unlock(\&lock);/
}
