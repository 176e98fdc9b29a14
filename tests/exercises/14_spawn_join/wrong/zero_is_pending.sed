# Expect: The task is done, and the handle is pending
/^struct poll handle_poll/,/^}/ {
    s/^    return output;/    return output.value ? output : POLL_PENDING;/
}
