# Expect: That is busy-polling
/^        pthread_mutex_unlock(&parker->lock);$/a\
        poll = future_poll(future, &cx);\
        if (poll.ready) break;
