# Expect: -EEXIST: epoll still knew the descriptor. reactor_register itself, which replaces
/^struct poll reactor_register/,/^}/ {
    s/^    struct waker replaced = take(epoll, fd);/    struct waker replaced = sources[fd].waker;/
}
