# Expect: countdown(3) returned POLL_PENDING, but has arranged no wake: it has
/waker/d
s/^    return POLL_PENDING/    (void)cx;\
&/
