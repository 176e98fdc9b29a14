# Expect: reactor_loop spins: epoll reports a descriptor that is ready, and nobody is woken
/^struct poll reactor_register/,/^}/ {
    s/^    else$/    pthread_mutex_unlock(\&lock);\
    pthread_mutex_lock(\&lock);\
    if (error == 0)/
}
