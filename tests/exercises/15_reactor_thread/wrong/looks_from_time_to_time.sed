# Expect: reactor_loop calls epoll_wait with 10 milliseconds: it wakes up from time
/^void reactor_loop/,/^}/ {
    s/epoll_wait(epoll, &event, 1, -1)/epoll_wait(epoll, \&event, 1, 10)/
}
