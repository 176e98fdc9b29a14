# Expect: epoll_ctl has refused, and a waker is kept
/^struct poll reactor_register/,/^}/ {
    /waker_drop(&latest)/d
}
