# Expect: reactor_loop has returned, for epoll_wait failed with EINTR
/^        if (epoll_wait(epoll, &event, 1, -1) != 1) continue; \/\/ a signal$/c\
        if (epoll_wait(epoll, &event, 1, -1) != 1) return;
