// 17. Waiting on a stack of one's own: the solution.
#include "17_fiber.h"

static _Thread_local struct fiber *running; // on this thread, or NULL

// While we are off the stack, others run. When we are back, `self` is where it
// was, and the context is that of a later poll.
intptr_t fiber_await(struct future *future)
{
    struct fiber *self = running;

    while (!self->dropped) {
        struct poll poll = await(&future, self->cx);
        if (poll.ready) return poll.value;
        stack_leave(self->stack);
    }
    future_drop(future);
    return -ECANCELED;
}

static void fiber_main(void *data)
{
    struct fiber *self = data;

    self->value = self->function(self->arg);
}

// One fiber may poll or drop another. Then that one runs inside it.
static void fiber_enter(struct fiber *self)
{
    struct fiber *outer = running;

    running = self;
    if (stack_enter(self->stack)) self->stack = NULL;
    running = outer;
}

static struct poll fiber_poll(struct future *future, struct context *cx)
{
    struct fiber *self = (struct fiber *)future;

    if (self->stack == NULL) self->stack = stack_new("fiber", fiber_main, self);
    self->cx = cx;
    fiber_enter(self);
    if (self->stack != NULL) return POLL_PENDING;
    return POLL_READY(self->value);
}

// A stack that was begun cannot be freed: its functions own something.
static void fiber_drop(struct future *future)
{
    struct fiber *self = (struct fiber *)future;

    self->dropped = true;
    if (self->stack != NULL) fiber_enter(self);
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
