# Expect: was cloned with the lock held
/^struct poll handle_poll/,/^}/ {
    /^    struct waker latest/d
    s/^    task->joiner = latest;/    task->joiner = waker_clone(cx->waker);/
}
