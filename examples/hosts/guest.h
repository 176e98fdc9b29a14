// The tasks that every host here runs, and what is seen of them. A host calls
// these four on its thread, and is else written as local_executor.h says.
#ifndef GUEST_H
#define GUEST_H

#include "local_executor.h"

// Spawns the tasks, and starts four threads that wake one of them.
void guest_start(struct local_executor *executor);

// Called by the host's own timer, every 10 ms.
void guest_beat(void);

// Whether the host may end its loop: all has been seen. Changes in run_pending
// only.
bool guest_done(void);

// After local_executor_drop: prints the row of the host, and returns the exit
// code of the program.
int guest_report(const char *host);

#endif
