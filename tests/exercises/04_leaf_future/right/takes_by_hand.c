// With waker_take, and a flag for whether somebody waits.
#include "exercise.h"

struct bell {
    struct future future;
    bool rung, waits;
    struct waker waker;
};

bool will_wake(const struct waker *a, const struct waker *b);
bool will_wake(const struct waker *a, const struct waker *b)
{
    if (a->vtable != b->vtable) return false;
    return a->data == b->data;
}

static struct poll bell_poll(struct future *future, struct context *cx)
{
    struct bell *self = (struct bell *)future;

    if (self->rung) return POLL_READY(0);
    if (self->waits && will_wake(&self->waker, cx->waker)) return POLL_PENDING;
    struct waker latest = waker_clone(cx->waker);
    struct waker replaced = self->waker;
    self->waker = latest;
    if (self->waits) waker_drop(&replaced);
    self->waits = true;
    return POLL_PENDING;
}

void bell_ring(struct future *future)
{
    struct bell *self = (struct bell *)future;

    self->rung = true;
    if (!self->waits) return;
    struct waker waker = waker_take(&self->waker);
    self->waits = false;
    waker.vtable->wake(waker.data);
}

static void bell_drop(struct future *future)
{
    struct bell *self = (struct bell *)future;

    if (self->waits) waker_drop(&self->waker);
}

struct future *bell_wait(void)
{
    static const struct future_vtable vtable = { "bell", bell_poll, bell_drop };
    struct bell *self = future_new(sizeof(*self), &vtable);

    self->rung = false;
    return &self->future;
}
