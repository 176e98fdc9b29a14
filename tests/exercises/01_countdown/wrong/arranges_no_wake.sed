# Expect: but has arranged no wake
/waker/d
s/^    return POLL_PENDING/    (void)cx;\
&/
