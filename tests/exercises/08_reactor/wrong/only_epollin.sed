# Expect: 40 pipes can be read, or have come to their end, and after so many turns
/^        waker_wake(&sub->waker);$/c\
        if (events[i].events & EPOLLIN) waker_wake(&sub->waker);
