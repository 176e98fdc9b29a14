# The flag is cleared before each poll, and only waited for after it.
/parker->woken = false; \/\/ one poll/d
s/^    while (poll = future_poll(future, &cx), !poll.ready) {/    for (;;) {\
        pthread_mutex_lock(\&parker->lock);\
        parker->woken = false;\
        pthread_mutex_unlock(\&parker->lock);\
        poll = future_poll(future, \&cx);\
        if (poll.ready) break;/
