# Expect: The handle is pending, and 0 wakers of the task that awaits it are kept
/^struct poll handle_poll/,/^}/ {
s/waker_clone(cx->waker)/*cx->waker/
}
