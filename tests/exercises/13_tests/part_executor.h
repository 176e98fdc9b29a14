// What only the checks may do with the executors of 13_executor.h.
#include "13_executor.h"

#undef fail // the harness has one of its own, and Check needs none

// What is wrong with an executor.
enum bug {
    NO_BUG,
    WAKE_DURING_POLL_LOST,
    LAST_IN_FIRST_OUT,
    QUEUED_TWICE,
    POLLED_WHEN_DONE,
    WAKER_NOT_COUNTED,
};

// The next tests get the executor with this bug.
void use_executor(enum bug bug);
