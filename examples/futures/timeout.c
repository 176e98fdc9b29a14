// A future that is given up when it takes too long: tokio::time::timeout.
//
// It polls two futures with the same waker, so either of them can bring about
// the next poll. Nothing has to be told that it was given up: a pending future
// is cancelled by dropping it, and await drops us, and we drop both.
//
// The future goes first: what is ready at the last moment counts. That also
// spares the timer, which takes no descriptor before its first poll.
#include "timeout.h"

#include <errno.h>

struct timeout {
    struct future future;
    struct future *awaited, *sleep; // owned; NULL once ready
};

static struct poll timeout_poll(struct future *future, struct context *cx)
{
    struct timeout *self = (struct timeout *)future;
    struct poll poll = await(&self->awaited, cx);

    if (poll.ready) return poll;
    poll = await(&self->sleep, cx);
    if (poll.ready && poll.value == 0) poll.value = -ETIMEDOUT;
    return poll;
}

static void timeout_drop(struct future *future)
{
    struct timeout *self = (struct timeout *)future;

    future_drop(self->awaited);
    future_drop(self->sleep);
}

struct future *timeout(struct duration limit, struct future *future)
{
    static const struct future_vtable vtable = { "timeout", timeout_poll,
                                                 timeout_drop };
    struct timeout *self = future_new(sizeof(*self), &vtable);

    self->awaited = future;
    self->sleep = timer_sleep(limit);
    return &self->future;
}
