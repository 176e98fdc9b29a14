# Expect: epoll_ctl refuses /dev/null with EPERM, and reactor_register was pending.
/^struct poll reactor_register/,/^}/ {
    s/return error != 0 ? POLL_READY(-error) : POLL_PENDING;/return POLL_PENDING;/
}
