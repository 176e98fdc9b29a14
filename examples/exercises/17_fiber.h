// What exercise 17 is given: stacks, and what a fiber is. Yours is how a poll
// enters the stack, and how an await leaves it.
#ifndef EXERCISE_FIBER_H
#define EXERCISE_FIBER_H

#include "exercise.h"

#include <errno.h>

// stack_new, stack_enter, stack_leave
#include "examples/fibers/stack.h"

struct fiber {
    struct future future;
    intptr_t (*function)(void *arg);
    void *arg;
    struct stack *stack; // NULL: it has not begun, or has ended
    struct context *cx;  // of the poll that is under way
    bool dropped;        // the function has to end
    intptr_t value;      // that the function has returned
};

// A future that is ready with function(arg).
struct future *fiber(intptr_t (*function)(void *arg), void *arg);

// Yours, for the function of a fiber:
intptr_t fiber_await(struct future *future);

#endif
