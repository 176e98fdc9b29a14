# Expect: -EEXIST: epoll still knew the descriptor. reactor_deregister, which was called before, had
/^void reactor_deregister/,/^}/ {
    s/^    struct waker waker = .*/    struct waker waker = waker_take(\&sources[fd].waker);/
}
