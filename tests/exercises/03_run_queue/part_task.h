// What only the checks may do with the tasks of 03_task.h.
#include "checks.h"

struct script;

extern int tasks_alive, polls_of_all;
void spawn(struct script *script); // as a new task, at the queue's tail
