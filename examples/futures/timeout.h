// tokio::time::timeout.
#ifndef FUTURES_TIMEOUT_H
#define FUTURES_TIMEOUT_H

#include "trale.h"

// Ready with the future's output, or with -ETIMEDOUT once the limit has passed
// without one, counted from this call. Takes the future over and drops it,
// ready or not, when it is dropped itself. Ready with another -errno if there
// is no descriptor for the timer.
struct future *timeout(struct duration limit, struct future *future);

#endif
