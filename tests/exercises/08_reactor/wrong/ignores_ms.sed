# Expect: It hung, asleep: no thread was left that could run, while the check waited
/^    int n = epoll_wait(epoll, events, 16, ms);$/c\
    int n = epoll_wait(epoll, events, 16, -1);
