# Expect: serve takes it out of the epoll set
/^void serve/,/^}/{
/EPOLL_CTL_DEL/s/.*/    (void)epoll;/
}
