# Expect: It hung, spinning: it used
/^void reactor_loop/,/^}/ {
    s/^        if (event.data.u64 == REACTOR_STOP).*/&\
        if (!(event.events \& EPOLLIN)) continue;/
}
