# Expect: epoll_ctl refuses /dev/null with EPERM, and reactor_register was ready with
/^struct poll reactor_register/,/^}/ {
    s/^        error = errno;/        error = 1;/
    s/POLL_READY(-error)/POLL_READY(-errno)/
}
