// Counts up, and has a helper that is not static, with the name of one of ours.
#include "exercise.h"

struct countdown {
    struct future future;
    int from, left;
};

void event(struct context *cx);
void event(struct context *cx)
{
    struct waker clone = waker_clone(cx->waker);
    clone.vtable->wake(clone.data);
}

static struct poll countdown_poll(struct future *future, struct context *cx)
{
    struct countdown *self = (struct countdown *)future;

    if (self->left < self->from) {
        self->left += 1;
        event(cx);
        return (struct poll){ .value = self->left };
    }
    return (struct poll){ true, self->from };
}

struct future *countdown(int from)
{
    static const struct future_vtable vtable = { "countdown", countdown_poll,
                                                 NULL };
    struct countdown *self = future_new(sizeof(*self), &vtable);

    self->from = from;
    return &self->future;
}
