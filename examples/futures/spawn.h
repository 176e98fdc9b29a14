// tokio::spawn: on whatever executor polls on this thread.
#ifndef FUTURES_SPAWN_H
#define FUTURES_SPAWN_H

#include "trale.h"

// Spawns the future as a task that nobody joins. Takes the future over.
void spawn(struct future *future);

// For executors: who spawns on this thread. NULL is trale, executor_spawn.
extern _Thread_local void (*spawner)(struct future *future);

#endif
