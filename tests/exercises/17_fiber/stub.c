// 17. Waiting on a stack of one's own.
//
// Concept. An async block has no stack while it waits, so all that lives across
// an await must be in a struct. A fiber does it the other way round: it is a
// function on a stack of its own, and the stack stays as it is while it waits.
// So it may wait in the middle of a nested call. And still it is a future:
//
//     executor's stack              fiber's stack
//
//     fiber_poll: stack_enter --->  function
//                                     ... fiber_await: it is pending
//     returns POLL_PENDING    <---        stack_leave
//     fiber_poll: stack_enter --->        goes on, and polls it again
//
// Read. examples/exercises/17_fiber.h and examples/fibers/stack.h, which are
// given; trale.h, 'struct poll await'; examples/fibers/README.md.
//
// Write three functions. (Then compare: examples/fibers/fiber.c.)
//
// fiber_await(future) is called by a fiber's function, at any depth. It polls
// the future with the context of the poll that is under way. If it is pending,
// it leaves the stack, and polls again when it is back. Returns the value. If
// the fiber was dropped, it drops the future and returns -ECANCELED, at once.
//
// fiber_poll runs the function on a new stack, or goes on where it left off. It
// is ready when the function has returned: then the stack is gone. While it
// runs, `running` is this fiber, and afterwards what it was: a fiber may poll
// or drop another one.
//
// fiber_drop: a fiber that waits runs to its end at once, because its function
// owns things that nobody else knows. One that has not begun never does.
//
// Then type: make exercise N=17. If you are stuck: make hint N=17.
#include "17_fiber.h"

static _Thread_local struct fiber *running; // on this thread, or NULL

intptr_t fiber_await(struct future *future)
{
    // ---- your code, in place of this line ----
    todo("fiber_await", future, running);
    // ------------------------------------------
}

static struct poll fiber_poll(struct future *future, struct context *cx)
{
    struct fiber *self = (struct fiber *)future;

    // ---- your code, in place of this line ----
    todo("fiber_poll", self, cx);
    // ------------------------------------------
}

static void fiber_drop(struct future *future)
{
    struct fiber *self = (struct fiber *)future;

    // ---- your code, in place of this line ----
    todo("fiber_drop", self);
    // ------------------------------------------
}

struct future *fiber(intptr_t (*function)(void *arg), void *arg)
{
    static const struct future_vtable vtable = { "fiber", fiber_poll,
                                                 fiber_drop };
    struct fiber *self = future_new(sizeof(*self), &vtable);

    self->function = function;
    self->arg = arg;
    return &self->future;
}
