# Expect: It did what C does not define
/^    int n = epoll_wait(epoll, events, 16, ms);$/c\
    size_t n = epoll_wait(epoll, events, 16, ms);
/^    for (int i = 0; i < n; i++) {$/c\
    for (size_t i = 0; i < n; i++) {
