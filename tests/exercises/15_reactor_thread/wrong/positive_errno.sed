# Expect: epoll_ctl refuses /dev/null with EPERM, and reactor_register was ready with
/^struct poll reactor_register/,/^}/ {
    s/POLL_READY(-error)/POLL_READY(error)/
}
