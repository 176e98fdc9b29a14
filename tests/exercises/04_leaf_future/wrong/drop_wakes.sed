# Expect: The future was dropped, and has woken its task: the bell was not rung. Drop
/^    waker_drop(&((struct bell \*)future)->waker);$/c\
    waker_wake(&((struct bell *)future)->waker);
