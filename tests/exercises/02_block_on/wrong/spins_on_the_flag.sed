# Expect: that is, it spins
s/^        while (!parker->woken) .*$/        while (!parker->woken) {\
            pthread_mutex_unlock(\&parker->lock);\
            pthread_mutex_lock(\&parker->lock);\
        }/
