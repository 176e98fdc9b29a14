# Expect: epoll_wait was called with the lock held: nobody can register while the
/^void reactor_loop/,/^}/ {
    s/^    for (;;) {/    pthread_mutex_lock(\&lock);\
&/
    s/^        pthread_mutex_lock.*//
    s/^        pthread_mutex_unlock.*//
}
