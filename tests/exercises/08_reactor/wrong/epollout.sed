# Expect: A pipe that is registered can be read, but epoll does not report it: ask
/^    struct epoll_event event = { EPOLLIN | EPOLLONESHOT, { \.ptr = sub } };$/c\
    struct epoll_event event = { EPOLLOUT | EPOLLONESHOT, { .ptr = sub } };
