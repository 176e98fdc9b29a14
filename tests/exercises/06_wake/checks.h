// What the checks call, and what they share with part_task.c.
#include "06_task.h"

void task_wake(struct task *task);
bool step(void);
