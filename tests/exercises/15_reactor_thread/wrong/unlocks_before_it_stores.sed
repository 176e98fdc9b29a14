# Expect: epoll reports a descriptor that can be written to, and nobody is
/^struct poll reactor_register/,/^}/ {
    s/^    else$/    pthread_mutex_unlock(\&lock);\
    pthread_mutex_lock(\&lock);\
    if (error == 0)/
}
