# Expect: while, and not if, around pthread_cond_wait
/^        while (!parker->woken) pthread_cond_wait(&parker->cv, &parker->lock);$/c\
        if (!parker->woken) pthread_cond_wait(&parker->cv, &parker->lock);
