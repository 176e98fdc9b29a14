# Expect: where it should have registered and been pending
s/^    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)/    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, \&event);\
    if (errno != 0)/
