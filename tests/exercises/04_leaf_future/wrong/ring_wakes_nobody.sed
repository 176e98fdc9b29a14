# Expect: but bell_ring has not woken it
/waker_wake/d
