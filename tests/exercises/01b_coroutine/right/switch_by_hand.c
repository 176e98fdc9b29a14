// As examples/states.c, with a state for each place.
#include "exercise.h"

enum sum_state { SUM_FIRST, SUM_SECOND, SUM_DONE };

struct sum {
    struct future future;
    enum sum_state state;
    struct future *child;
    intptr_t a;
    struct future *(*second)(intptr_t a);
};

static struct poll sum_poll(struct future *future, struct context *cx)
{
    struct sum *self = (struct sum *)future;
    struct poll poll;

    switch (self->state) {
    case SUM_FIRST:
        poll = await(&self->child, cx);
        if (!poll.ready) return poll;
        self->a = poll.value;
        self->child = self->second(poll.value);
        self->state = SUM_SECOND;
        __attribute__((fallthrough));
    case SUM_SECOND:
        poll = await(&self->child, cx);
        if (!poll.ready) return poll;
        self->state = SUM_DONE;
        return POLL_READY(self->a + poll.value);
    case SUM_DONE:
        break;
    }
    abort();
}

static void sum_drop(struct future *future)
{
    struct sum *self = (struct sum *)future;

    if (self->child) future_drop(self->child);
}

struct future *sum(struct future *first, struct future *(*second)(intptr_t a))
{
    static const struct future_vtable vtable = { "sum", sum_poll, sum_drop };
    struct sum *self = future_new(sizeof(*self), &vtable);

    self->child = first;
    self->second = second;
    return &self->future;
}
