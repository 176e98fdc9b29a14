# Expect: channel_close has not woken it
/^void channel_close/,/^}/ {
    /receiver/d
}
