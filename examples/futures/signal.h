// tokio::signal::unix.
#ifndef FUTURES_SIGNAL_H
#define FUTURES_SIGNAL_H

#include "trale.h"

#include <signal.h>

// Signal::recv: ready with the number of the signal, once it has come. It must
// be blocked in all threads, or it does what it always does instead: block it
// before the first task is spawned, then trale's threads block it too. One that
// came while nobody waited is kept, but of several only one. Ready with -errno
// if there is no descriptor for it, -EINVAL if there is no such signal.
struct future *signal_recv(int signum);

#endif
