// Spawning without a word about the executor: tokio::spawn.
//
// A future that calls executor_spawn runs on trale only. One that calls spawn
// runs wherever it is polled: an executor of another kind sets the spawner of
// its thread. (tokio keeps its runtime in a thread-local variable, too.)
#include "spawn.h"

_Thread_local void (*spawner)(struct future *future);

void spawn(struct future *future)
{
    if (spawner != NULL) {
        spawner(future);
        return;
    }
    struct task_joiner joiner = executor_spawn(future);
    task_joiner_drop(&joiner); // detach
}
