# Expect: handle_poll looked at task->output without the lock
22a\
    struct poll output = task->output;\
    if (output.ready) {\
        waker_drop(&latest);\
        return output;\
    }
/^    struct poll output = task->output;$/d
