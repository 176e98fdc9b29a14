# Expect: reactor_register called epoll_ctl without the lock. What epoll knows and
/pthread_mutex_/d
