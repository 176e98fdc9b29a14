# Expect: EPOLLET reports whatever is new; EPOLLONESHOT is silent
s/EPOLLIN | EPOLLONESHOT/EPOLLIN | EPOLLET/
