# Expect: The reactor's thread has three seconds for B to be woken, whose pipe can be
/^void reactor_loop/,/^}/ {
    s/^        waker_wake(&waker);/        waker_drop(\&waker);/
}
