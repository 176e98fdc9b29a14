# Expect: The other end was closed, so read returned 0, for ever: receive must be
s/n == -1 && errno == EAGAIN/n <= 0/
