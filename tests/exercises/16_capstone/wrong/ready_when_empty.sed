# Expect: executor_poll was ready with 0: it is never ready
/^struct poll executor_poll/,/^}/ {
    s/^    return POLL_PENDING;/    return POLL_READY(0);/
}
