# Expect: A task was woken whose handle was ready
/^void handle_drop/,/^}/ {
    s/^    waker_drop(&joiner);/    waker_wake(\&joiner);/
}
