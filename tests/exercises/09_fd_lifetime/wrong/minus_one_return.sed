# Expect: epoll_ctl refuses a descriptor that is closed with EBADF, and watch was
/^        return POLL_READY(-errno);$/c\
        return POLL_READY(-1);
