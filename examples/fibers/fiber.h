// Fibers: Eio's fibers, as futures. A fiber is an ordinary future, to be spawned,
// awaited or raced like any other. But its poll runs a plain function, on a stack
// of its own. When something that the function awaits is pending, the poll leaves
// that stack; the next poll enters it again. So the function keeps its C locals
// across an await, and may await in the middle of a nested call:
//
//     static intptr_t hello(void *unused)
//     {
//         for (int i = 0; i < 3; i++) {
//             fiber_await(timer_sleep(duration_from_secs(1)));
//             printf("Hello %d\n", i);
//         }
//         return 0;
//     }
//
//     executor_block_on(fiber(hello, NULL));
//
// A negative value is a failure. When a fiber has to end, all that it awaits
// fails with -ECANCELED, until its function returns. This is how a stack is
// unwound in C, where OCaml raises an exception. So look at what an await
// returns: a fiber that ignores 1,000 such failures in a row aborts.
//
// A fiber stays on the thread that polls it first.
#ifndef FIBER_H
#define FIBER_H

#include "trale.h"

typedef intptr_t fiber_function(void *arg);

// A future that is ready with function(arg). arg is borrowed. Nothing runs
// before the first poll. If it is dropped while it waits, the function runs to
// its end first: its awaits fail, even in fiber_protect, because whoever drops
// does not wait.
#define fiber(function, arg) fiber_named(#function, function, arg)
struct future *fiber_named(const char *name, fiber_function *function,
                           void *arg);

// .await: returns the future's output, or drops the future and returns
// -ECANCELED. On a fiber only, and not in a promise's callback: that aborts.
#define fiber_await(future) fiber_await_at(future, __FILE__, __LINE__)
intptr_t fiber_await_at(struct future *future, const char *file, int line);

// Lets all others run, then returns 0, or -ECANCELED.
#define fiber_yield() fiber_await(yield_now())
struct future *yield_now(void); // of futures/yield.h

// Eio.Fiber.check: 0, or -ECANCELED if the fiber has to end.
intptr_t fiber_check(void);

// Eio.Cancel.protect: returns function(arg), which is not cancelled from without.
intptr_t fiber_protect(fiber_function *function, void *arg);

// ---------------------------------------------------------------------------
// For those who build on this, as switch.c does
// ---------------------------------------------------------------------------

// A part of the program that can be cancelled. Scopes are nested as calls are:
// the outermost one of a fiber is in the scope where the fiber was forked.
struct scope {
    struct scope *outer;
    struct fiber *first, *last; // fibers that were forked in it, oldest first
    bool cancelled;
    bool protects; // what is cancelled outside does not matter inside
};

struct fiber {
    struct async async;          // its child is what the fiber awaits
    struct future_vtable vtable; // each has one, for its name
    fiber_function *function;
    void *arg;
    enum { FIBER_NEW, FIBER_RUNS, FIBER_WAITS, FIBER_ENDED } state;
    bool dropped; // it is run to its end
    int refused;  // awaits in a row that failed because it has to end
    struct stack *stack;
    struct context *cx;    // of this poll
    struct waker waker;    // of the last poll that was pending, in a switch
    struct scope base;     // its outermost scope
    struct scope *scope;   // its innermost scope
    const void *thread;    // where it was polled first
    struct eio_switch *sw; // where it was forked, or NULL
    struct fiber *prev, *next;
};

// The fiber that runs on this thread. None, or a callback of a promise: aborts,
// and says that `what` was called.
struct fiber *fiber_self(const char *what);

// fiber_await; but if it is not cancellable, the fiber stops waiting only when
// it is dropped.
intptr_t fiber_wait(struct fiber *self, struct future *future, const char *file,
                    int line, bool cancellable);

// Runs it to its end, now; its task ends later. Not by a fiber that it awaits.
void fiber_finish(struct fiber *self);

#endif
