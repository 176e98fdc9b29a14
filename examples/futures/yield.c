// A future that is pending once: tokio::task::yield_now.
//
// A task runs until it returns POLL_PENDING, and a loop whose awaits are always
// ready never does: it keeps all others waiting. One await of this in the loop
// mends that. It wakes its own task, which goes to the tail of the run-queue.
// tokio does it unasked, when a task has had some hundred ready awaits in a row.
#include "yield.h"

struct yield {
    struct future future;
    bool yielded;
};

static struct poll yield_poll(struct future *future, struct context *cx)
{
    struct yield *self = (struct yield *)future;

    if (self->yielded) return POLL_READY(0);
    self->yielded = true;
    struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker);
    return POLL_PENDING;
}

struct future *yield_now(void)
{
    static const struct future_vtable vtable = { "yield_now", yield_poll,
                                                 NULL };

    return future_new(sizeof(struct yield), &vtable);
}
