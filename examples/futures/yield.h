// tokio::task::yield_now.
#ifndef FUTURES_YIELD_H
#define FUTURES_YIELD_H

#include "trale.h"

// Lets every other task that can run take its turn first. Ready with 0.
struct future *yield_now(void);

#endif
