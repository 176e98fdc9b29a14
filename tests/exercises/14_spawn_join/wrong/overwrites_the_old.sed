# Expect: and the waker of A is kept, or lost
/^struct poll handle_poll/,/^}/ {
    s/^    waker_drop(&replaced);/    (void)replaced;/
}
