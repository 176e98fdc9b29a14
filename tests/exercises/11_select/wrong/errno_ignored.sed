# Expect: The inbox's descriptor is closed, so read fails with EBADF, and receive was
/^        if (n <= 0) return POLL_READY(n == 0 ? -EPIPE : -errno);$/c\
        if (n <= 0) return POLL_READY(-EPIPE);
