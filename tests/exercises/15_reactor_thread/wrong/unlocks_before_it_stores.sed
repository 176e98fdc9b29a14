# Expect: for a task to be woken, whose descriptor was ready while it was being
/^struct poll reactor_register/,/^}/ {
    s/^    else$/    pthread_mutex_unlock(\&lock);\
    pthread_mutex_lock(\&lock);\
    if (error == 0)/
}
