# In the critical section the order makes no difference.
/^void channel_send/,/^}/ {
    /^    values_push(channel, value);/d
    s/^    struct waker receiver = .*/&\
    values_push(channel, value);/
}
