# Expect: epoll still reports a pipe that has come to its end
s/EPOLLIN | EPOLLONESHOT/EPOLLIN/
s/^        waker_wake(&sub->waker);/        events[i].events = 0;\
        epoll_ctl(epoll, EPOLL_CTL_MOD, sub->fd, \&events[i]);\
&/
