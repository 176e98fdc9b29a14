# Expect: It hung, spinning: it used
/^struct poll reactor_register/,/^}/ {
    s/^    else$/    pthread_mutex_unlock(\&lock);\
    pthread_mutex_lock(\&lock);\
    if (error == 0)/
}
