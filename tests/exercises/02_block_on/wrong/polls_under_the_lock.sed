# Expect: A wake took the lock that it had already
s/^        pthread_mutex_lock(&parker.*$//
s/^        pthread_mutex_unlock(&parker.*$//
s/^    while (poll = /    pthread_mutex_lock(\&parker->lock);\
&/
s/^    future_drop/    pthread_mutex_unlock(\&parker->lock);\
&/
