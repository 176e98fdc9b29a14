// Expect: It used the context, or the waker in it, after the poll had ended
#include "exercise.h"

struct bell {
    struct future future;
    bool rung;
    const struct waker *waker;
};

static struct poll bell_poll(struct future *future, struct context *cx)
{
    struct bell *self = (struct bell *)future;

    if (self->rung) return POLL_READY(0);
    self->waker = cx->waker;
    return POLL_PENDING;
}

void bell_ring(struct future *future)
{
    struct bell *self = (struct bell *)future;

    self->rung = true;
    if (self->waker == NULL) return;
    struct waker waker = waker_clone(self->waker);
    waker_wake(&waker);
}

struct future *bell_wait(void)
{
    static const struct future_vtable vtable = { "bell", bell_poll, NULL };

    return future_new(sizeof(struct bell), &vtable);
}
