// What exercise 16 puts together, given: your exercises 02, 03, 06, 14 and 15.
#ifndef CAPSTONE_H
#define CAPSTONE_H

#include "exercise.h"

// Yours, from exercise 06: polls the oldest task of the queue, once. Returns
// false if there was none. Only executor_poll calls it.
bool step(void);

// Yours, here.
struct poll executor_poll(struct future *future, struct context *cx);
void executor_notify(void);

#endif
