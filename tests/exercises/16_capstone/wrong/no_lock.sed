# Expect: no_lock.c:
/^static struct waker exchange/,/^}/ {
    /pthread_mutex/d
}
