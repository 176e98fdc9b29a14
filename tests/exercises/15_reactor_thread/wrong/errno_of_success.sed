# Expect: The reactor's thread has had time for B to be woken, whose pipe can be
s/^        if (epoll_wait(epoll, &event, 1, -1) != 1) continue;.*/        epoll_wait(epoll, \&event, 1, -1);\
        if (errno == EINTR) continue;/
