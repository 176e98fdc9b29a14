# Expect: receive_poll looked at channel->first without the lock
s/^    struct waker waker = waker_clone/    if (channel->first == NULL \&\& channel->in_a_row > 0) channel->in_a_row = 0;\
&/
