// What only the checks may do with the tasks of 14_task.h.
#include "checks.h"

// Whether other threads use the tasks too: then what changes while nobody has
// the lock is for the thread sanitizer to see.
extern bool many_threads;
extern int tasks_alive;

void finish(struct task *task, intptr_t value); // and gives up the reference
intptr_t join(struct future *handle);
