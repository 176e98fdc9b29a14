# Expect: A polled in the middle of flag_set, just after it gave the lock back. The
/^    flag->set = true;/d
s/^    waker_wake.*/    flag->set = true;\
&/
