# Expect: must be one step, with the lock held
s/^    if (!poll.ready) {/    pthread_mutex_unlock(\&channel->lock);\
    pthread_mutex_lock(\&channel->lock);\
&/
