# Expect: while the check waited for the first poll of A
s/^    while (poll = .*$/    for (;;) {/
s/^        pthread_mutex_unlock(&parker.*$/&\
        poll = future_poll(future, \&cx);\
        if (poll.ready) break;/
