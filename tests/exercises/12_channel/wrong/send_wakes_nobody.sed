# Expect: but channel_send has not woken it
/^void channel_send/,/^}/ {
    /receiver/d
}
