# Expect: reactor_register was ready with -EEXIST, where it should have registered
/^void reactor_deregister/,/^}/ {
    s/^    struct waker waker = .*/    struct waker waker = waker_take(\&sources[fd].waker);/
}
