# Expect: Set the flag first, then look for a waker
/^    flag->set = true;/d
s/^    waker_wake.*/    flag->set = true;\
&/
