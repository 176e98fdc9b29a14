# Expect: examples/timer.c, on your own executor, ended with status 66. The last that
/^static struct waker exchange/,/^}/ {
    /pthread_mutex/d
}
