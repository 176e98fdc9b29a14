# Expect: Two threads used the same memory at the same time
/^        parker->woken = false; \/\/ one poll for this wake$/d
/^        pthread_mutex_unlock(&parker->lock);$/a\
        parker->woken = false;
