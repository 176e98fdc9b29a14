# Expect: executor_notify returned with the lock held: whoever wants it next waits
/^static struct waker exchange/,/^}/ {
    /pthread_mutex_unlock/d
}
