# Expect: A registered, and then B in its place, while B waits for another one too: 1
/^    waker_drop(&sub->waker); \/\/ the latest waker wins$/d
