// What the checks call, and what they share with part_task.c.
#include "03_task.h"

void queue_push(struct task *task);
struct task *queue_pop(void);
void run(void);
