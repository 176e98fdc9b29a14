# Expect: reactor_deregister called epoll_ctl without the lock. What epoll knows and
/^void reactor_deregister/,/^}/ {
    /pthread_mutex_/d
}
