# Expect: watch was ready with -EEXIST: the descriptor is in the epoll set already,
/^    unwatch(epoll, fd);$/d
