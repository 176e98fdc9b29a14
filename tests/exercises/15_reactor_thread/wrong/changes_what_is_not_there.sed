# Expect: reactor_register was ready with -ENOENT, where it should have registered
/^struct poll reactor_register/,/^}/ {
    s/{ .events = events }/{ .events = events | EPOLLET }/
    s/^    struct waker replaced = take(epoll, fd);/    bool known = sources[fd].generation > 0;\
    struct waker replaced = waker_take(\&sources[fd].waker);\
    sources[fd].generation++;/
    s/EPOLL_CTL_ADD/known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD/
}
