// What a talking build has more than trale.h: where is everything?
//
// A debugger shows the stack of each thread, but a suspended task has none: it
// left the executor's stack when its poll returned. What a stack would tell is
// in its structs, from the task's future down the awaited children to the leaf.
#ifndef TRACE_H
#define TRACE_H

#include "trale.h"

#include <stdio.h>

// Prints where an async block is: " at readme.c:27 > timer" is its last AWAIT
// and the future that it awaits there, and so on down to the leaf. Prints
// nothing for other futures. No other thread may poll the future meanwhile.
void future_print(FILE *out, const struct future *future);

// Writes a line for each task that is not done, with its chain of awaits down
// to the leaf, and what that waits for:
//
//     wait hello#1 at readme.c:27 > timer (fd 5, in 1.2 s)
//
// The first word is the queue that the task is on, "run" or "wait". It is
// "poll" while the task is polled: then its chain is in use, and is not shown
// unless the task itself asks.
//
// May be called on any thread, inside a task too, but not in a signal handler.
// It writes to `out` after it has released its locks.
void executor_dump(FILE *out);

#endif
