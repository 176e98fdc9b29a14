# Expect: was dropped with the lock held
/^struct poll handle_poll/,/^}/ {
    /^    struct waker replaced/d
    /^    waker_drop/d
    s/^    task->joiner = latest;/    waker_drop(\&task->joiner);\
&/
}
