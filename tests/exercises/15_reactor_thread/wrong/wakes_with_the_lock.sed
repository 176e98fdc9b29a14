# Expect: A waker of A was woken with the lock held. That calls code of others, which
/^void reactor_loop/,/^}/ {
    /^        waker_wake(&waker);/d
    s/^            waker = take.*/            waker = take(epoll, fd), waker_wake(\&waker);/
}
