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

// What is told of a task, by trale or by another executor.
struct trace_task {
    const char *executor; // stands before the name: "local:"; trale's is ""
    const char *name;
    uint64_t id;
    unsigned wakers;
    const struct future *future; // NULL: it is gone, or in use by a poll
    const intptr_t *output;      // NULL: it is not done, or nobody asks for it
};

// Tells an event of another executor, if trale's are told. It is a line as
// theirs are, with the queues of that executor. These are rings of links, as in
// trale.c: the queue's own link, and one inside each task. `look` says which
// task it is. The caller holds the lock that guards all this; trale's lock is
// taken inside it. Costs a call where nobody traces. A forked child is silent.
struct link;
typedef struct trace_task trace_look(const struct link *link);
void trace_event(const char *event, const struct link *task,
                 const struct link *run_q, const struct link *waiting,
                 trace_look *look);

#endif
