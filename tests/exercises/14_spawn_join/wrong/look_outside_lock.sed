# Expect: Leave the waker and look in one step
22a\
    struct poll output = task->output;\
    if (output.ready) {\
        waker_drop(&latest);\
        return output;\
    }
/^    struct poll output = task->output;$/d
