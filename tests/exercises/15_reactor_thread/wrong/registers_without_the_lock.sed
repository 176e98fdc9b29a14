# Expect: reactor_register called epoll_ctl without the lock. What epoll knows and
/^struct poll reactor_register/,/^}/ {
    /pthread_mutex_/d
}
