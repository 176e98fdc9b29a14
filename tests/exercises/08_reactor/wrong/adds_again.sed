# Expect: was ready with -EEXIST
s/sub->kind == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD/EPOLL_CTL_ADD/
