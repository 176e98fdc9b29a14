# Expect: reactor_loop called epoll_ctl without the lock. What epoll knows and what
/^void reactor_loop/,/^}/ {
    /pthread_mutex_/d
}
