// Eio.Switch: fibers that end before the function that started them, and what is
// to be released then. It is what braces are to locals.
//
//     static intptr_t serve(struct eio_switch *sw, void *arg)
//     {
//         switch_on_release(sw, close_it, arg);
//         fiber_fork(sw, worker, arg);
//         fiber_fork(sw, worker, arg);
//         return 0;
//     }
//
//     switch_run(serve, arg);     // both workers have ended, then it was closed
//
// All of it is for fibers of one thread.
#ifndef SWITCH_H
#define SWITCH_H

#include "fiber.h"

struct eio_switch {
    struct scope scope;
    struct fiber *owner;
    struct release *releases; // the newest first
    intptr_t error;           // the first failure, or 0
};

typedef intptr_t switch_function(struct eio_switch *sw, void *arg);

// Switch.run: function(sw, arg), then waits for the fibers that were forked in
// sw, then runs the release functions, the newest first. Returns what the
// function returned; or the first failure: of the function, of a fiber, or of
// switch_fail. A failure cancels all that runs in sw.
#define switch_run(function, arg) \
    switch_run_at(function, arg, __FILE__, __LINE__)
intptr_t switch_run_at(switch_function *function, void *arg, const char *file,
                       int line);

// Fiber.fork ~sw. The fiber begins when its turn comes, even if it was cancelled
// by then: what it awaits fails. In a promise's callback, too.
#define fiber_fork(sw, function, arg) \
    fiber_fork_named(sw, #function, function, arg)
void fiber_fork_named(struct eio_switch *sw, const char *name,
                      fiber_function *function, void *arg);

// Switch.fail: switch_run will return this error < 0, if it is the first.
void switch_fail(struct eio_switch *sw, intptr_t error);

// Cancels all that runs in sw, which is no failure of sw.
void switch_cancel(struct eio_switch *sw);

// Switch.on_release: f(arg) at the end, in whatever way that comes. It may
// await; only a drop cancels that.
void switch_on_release(struct eio_switch *sw, void (*f)(void *arg), void *arg);

// Fiber.both: runs both to their ends. If one fails, the other is cancelled, and
// the failure is returned; else 0.
intptr_t fiber_both(fiber_function *f, void *f_arg, fiber_function *g,
                    void *g_arg);

// Fiber.first: the output of the one that ends first, once both have ended. The
// other is cancelled.
intptr_t fiber_first(fiber_function *f, void *f_arg, fiber_function *g,
                     void *g_arg);

// For fiber.c: a fiber that was forked has ended.
void switch_leave(struct fiber *child);

#endif
