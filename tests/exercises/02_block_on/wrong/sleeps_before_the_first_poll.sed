# Expect: It hung, asleep: no thread was left that could run, while the check waited
s/^    while (poll = .*$/    for (;;) {/
s/^        pthread_mutex_unlock(&parker.*$/&\
        poll = future_poll(future, \&cx);\
        if (poll.ready) break;/
