# Expect: executor_poll is pending, and 0 wakers are kept instead of one, for
/^struct poll executor_poll/,/^}/ {
    s/^    return POLL_PENDING;/    executor_notify();\
&/
}
