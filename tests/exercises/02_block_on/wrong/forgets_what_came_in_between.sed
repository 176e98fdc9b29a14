# Expect: block_on goes to sleep without another poll: that wake is lost
s/^        while (!parker->woken) pthread_cond_wait/        bool seen = parker->woken;\
        pthread_mutex_unlock(\&parker->lock);\
        pthread_mutex_lock(\&parker->lock);\
        if (!seen) parker->woken = false;\
&/
