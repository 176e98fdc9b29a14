# Expect: The reactor's thread has had time for B to be woken, which registered
/^        if (epoll_wait(epoll, &event, 1, -1) != 1) continue; \/\/ a signal$/c\
        if (epoll_wait(epoll, &event, 1, -1) != 1) return;
