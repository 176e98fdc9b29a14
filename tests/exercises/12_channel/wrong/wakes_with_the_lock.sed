# Expect: was woken with the lock held
s/^    struct waker receiver = waker_take(&channel->receiver);/    waker_wake(\&channel->receiver);/
/^    waker_wake(&receiver);/d
