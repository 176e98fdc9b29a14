# Expect: reactor_register was ready with -EEXIST, where it should have registered
/^struct poll reactor_register/,/^}/ {
    s/^    struct waker replaced = take(epoll, fd);/    struct waker replaced = sources[fd].waker;/
}
