# Expect: The reactor's thread has had time for B to be woken, whose pipe can be
/^void reactor_loop/,/^}/ {
    s/^        if (event.data.u64 == REACTOR_STOP).*/&\
        if (!(event.events \& EPOLLIN)) continue;/
}
