# Expect: reactor_loop spins: epoll reports a descriptor that is ready, and nobody is woken
/^void reactor_loop/,/^}/ {
    s/^        if (event.data.u64 == REACTOR_STOP).*/&\
        if (!(event.events \& EPOLLIN)) continue;/
}
