# Expect: 1 task came in the middle of executor_poll, just after the last step, which
/^struct poll executor_poll/,/^}/ {
    /^    struct waker replaced/d
    /^    waker_drop/d
    s/^    return POLL_PENDING;/    struct waker replaced = exchange(waker_clone(cx->waker));\
    waker_drop(\&replaced);\
&/
}
