# Expect: Nobody waits for what is ready, and reactor_loop does not sleep: epoll
/^static struct waker take/,/^}/ {
    /EPOLL_CTL_DEL/d
}
