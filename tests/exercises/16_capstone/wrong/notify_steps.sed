# Expect: executor_notify called step: it may be on any thread, and a task is polled
/^void executor_notify/,/^}/ {
    s/^    waker_wake.*/    step();\
&/
}
