# Expect: epoll reports a descriptor that can be written to, and nobody is
/^void reactor_loop/,/^}/ {
    s/^        if (event.data.u64 == REACTOR_STOP).*/&\
        if (!(event.events \& EPOLLIN)) continue;/
}
