# Expect: 1 waker of thread was never given back: 5 cloned, 1 woken, 3 dropped. A
/^void executor_notify/,/^}/ {
    s/^    struct waker waker = .*/    pthread_mutex_lock(\&lock);\
    struct waker waker = waiting.vtable ? waker_clone(\&waiting) : waiting;\
    pthread_mutex_unlock(\&lock);/
}
