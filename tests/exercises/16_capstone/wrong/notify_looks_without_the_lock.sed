# Expect: notify_looks_without_the_lock.c:
/^void executor_notify/,/^}/s/^{$/{\
    if (waiting.vtable == NULL) return;/
