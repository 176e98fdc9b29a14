# Expect: Nobody waits for what is ready, and reactor_loop does not sleep: epoll
/^void reactor_loop/,/^}/ {
    s/^            waker = take.*/            waker = waker_take(\&sources[fd].waker);/
}
