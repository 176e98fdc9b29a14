# Expect: so each reader would have to drain its descriptor first
s/EPOLLONESHOT/EPOLLET/
s/^    if (epoll_ctl(\(.*\)) == -1).*/    if (op == EPOLL_CTL_ADD \&\& epoll_ctl(\1) == -1)\
        return POLL_READY(-errno);/
