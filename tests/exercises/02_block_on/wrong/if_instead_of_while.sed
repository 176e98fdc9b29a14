# Expect: That is busy-polling
/^        while (!parker->woken) pthread_cond_wait(&parker->cv, &parker->lock);$/c\
        if (!parker->woken) pthread_cond_wait(&parker->cv, &parker->lock);
