# Expect: executor_poll is pending, and 2 wakers are kept instead of one, for
/^struct poll executor_poll/,/^}/ {
    /^    waker_drop/d
    s/^    struct waker replaced = /    /
}
