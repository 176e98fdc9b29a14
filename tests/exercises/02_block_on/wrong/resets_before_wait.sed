# Expect: It hung, asleep: no thread was left that could run, while the check waited
/^        pthread_mutex_lock(&parker->lock);$/a\
        parker->woken = false;
