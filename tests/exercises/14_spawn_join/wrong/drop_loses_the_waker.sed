# Expect: 1 waker of B was never given back: 2 cloned, 1 woken, 0 dropped. A waker
/^void handle_drop/,/^}/ {
    s/^    waker_drop(&joiner);/    (void)joiner;/
}
