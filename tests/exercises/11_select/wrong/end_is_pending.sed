# Expect: The other end was closed, so read returned 0
s/n == -1 && errno == EAGAIN/n <= 0/
