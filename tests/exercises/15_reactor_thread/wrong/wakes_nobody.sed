# Expect: The reactor's thread has had time for B to be woken, whose pipe can be
/^void reactor_loop/,/^}/ {
    s/^        waker_wake(&waker);/        waker_drop(\&waker);/
}
