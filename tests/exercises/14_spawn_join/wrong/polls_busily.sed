# Expect: handle_poll has woken its own task
/^struct poll handle_poll/,/^}/ {
    s/^    waker_drop(&replaced);/&\
    struct waker again = waker_clone(cx->waker);\
    if (!output.ready) waker_wake(\&again); else waker_drop(\&again);/
}
