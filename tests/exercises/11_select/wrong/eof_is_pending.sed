# Expect: The other end was closed, so read returned 0, for ever: receive must be
/^        if (n <= 0) return POLL_READY(n == 0 ? -EPIPE : -errno);$/c\
        if (n == 0) return POLL_PENDING;\
        if (n < 0) return POLL_READY(-errno);
