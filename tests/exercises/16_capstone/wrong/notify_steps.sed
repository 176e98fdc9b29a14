# Expect: examples/timer.c runs, but its picture is another than that of trale.c:
/^void executor_notify/,/^}/ {
    s/^    waker_wake.*/    step();\
&/
}
