# Expect: while it was registered: epoll still has it
s/^    unwatch(epoll, \*fd);/    int number = *fd;/
s/^    close(\*fd);/&\
    unwatch(epoll, number);/
