# Expect: Nobody waits for what is ready, and reactor_loop does not sleep: epoll
/^void reactor_loop/,/^}/ {
    s/epoll_wait(epoll, &event, 1, -1)/epoll_wait(epoll, \&event, 1, 0)/
}
