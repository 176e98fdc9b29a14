# Expect: reactor_loop looked, and woke nobody: that event is lost
s/^    else$/    pthread_mutex_unlock(\&lock);\
    pthread_mutex_lock(\&lock);\
    if (error == 0)/
/^static struct waker take/,/^}/s/^    if (source->waker.*/    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);/
