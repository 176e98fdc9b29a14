# Expect: only EAGAIN says to wait
s/n == -1 && errno == EAGAIN/n == -1/
