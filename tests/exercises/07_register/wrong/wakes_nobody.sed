# Expect: and B was not woken: it sleeps for ever
s/^    waker_wake/    waker_drop/
