// From an editor that writes a mark.
#include "exercise.h"

// All that the future remembers from one poll to the next.
struct countdown {
    struct future future;
    int from, left;
};

// Each poll does one step, and says how far it has come. Nobody polls a pending
// future again unless its waker is woken. There is nobody else to do that, so
// we wake it ourselves: "more can be done, but let others go first".
static struct poll countdown_poll(struct future *future, struct context *cx)
{
    struct countdown *self = (struct countdown *)future;

    if (self->left == 0) return POLL_READY(self->from);
    self->left--;
    struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker);
    return POLL_PENDING;
}

struct future *countdown(int from)
{
    static const struct future_vtable vtable = { "countdown", countdown_poll,
                                                 NULL };
    struct countdown *self = future_new(sizeof(*self), &vtable);

    self->from = from;
    self->left = from;
    return &self->future;
}
