# Expect: Two threads used the same memory at the same time
/^void executor_notify/,/^}/s/^{$/{\
    if (waiting.vtable == NULL) return;/
