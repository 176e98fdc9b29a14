// 04. A leaf future keeps the waker: the solution.
#include "exercise.h"

struct bell {
    struct future future;
    bool rung;
    struct waker waker; // of whoever waits; empty if nobody does
};

// The data says which task, the vtable of whose executor. Where the objects lie
// says nothing: an executor lends each of its tasks a waker in the same place.
static bool will_wake(const struct waker *a, const struct waker *b)
{
    return a->vtable == b->vtable && a->data == b->data;
}

// Polls come when they like. One that finds nothing new leaves the latest waker
// behind, in the place of an earlier one, which is given back.
static struct poll bell_poll(struct future *future, struct context *cx)
{
    struct bell *self = (struct bell *)future;

    if (self->rung) return POLL_READY(0);
    if (!will_wake(&self->waker, cx->waker)) {
        waker_drop(&self->waker);
        self->waker = waker_clone(cx->waker);
    }
    return POLL_PENDING;
}

// Rung first and woken then: the task is polled to find out what has happened.
void bell_ring(struct future *future)
{
    struct bell *self = (struct bell *)future;

    self->rung = true;
    waker_wake(&self->waker);
}

// Cancelled while it waits, it must not keep the right to wake.
static void bell_drop(struct future *future)
{
    waker_drop(&((struct bell *)future)->waker);
}

struct future *bell_wait(void)
{
    static const struct future_vtable vtable = { "bell", bell_poll, bell_drop };

    return future_new(sizeof(struct bell), &vtable);
}
