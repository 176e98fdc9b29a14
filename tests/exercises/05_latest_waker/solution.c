// 05. The latest waker wins: the solution.
#include "exercise.h"

struct doorbell {
    struct future future;
    bool rung;
    struct waker waker; // owned; empty until the first poll
};

// The data says which task, the vtable of whose executor. Where the objects lie
// says nothing: an executor lends each of its tasks a waker in the same place.
static bool will_wake(const struct waker *a, const struct waker *b)
{
    return a->vtable == b->vtable && a->data == b->data;
}

static struct poll doorbell_poll(struct future *future, struct context *cx)
{
    struct doorbell *self = (struct doorbell *)future;

    if (self->rung) return POLL_READY(0);
    if (!will_wake(&self->waker, cx->waker)) {
        waker_drop(&self->waker); // of a task that does not wait here any more
        self->waker = waker_clone(cx->waker);
    }
    return POLL_PENDING;
}

static void doorbell_drop(struct future *future)
{
    waker_drop(&((struct doorbell *)future)->waker);
}

struct future *doorbell(void)
{
    static const struct future_vtable vtable = { "doorbell", doorbell_poll,
                                                 doorbell_drop };

    return future_new(sizeof(struct doorbell), &vtable);
}

void doorbell_ring(struct future *future)
{
    struct doorbell *self = (struct doorbell *)future;

    self->rung = true;
    waker_wake(&self->waker);
}
