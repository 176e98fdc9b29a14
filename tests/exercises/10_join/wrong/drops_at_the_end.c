// Expect: A is ready, and join still keeps it: drop it at once, and not when join
#include "exercise.h"

struct join {
    struct future future;
    int count, left;
    intptr_t sum;
    struct future *children[];
};

static struct poll join_poll(struct future *future, struct context *cx)
{
    struct join *self = (struct join *)future;

    for (int i = 0; i < self->count; i++) {
        if (self->children[i]->done) continue;
        struct poll poll = future_poll(self->children[i], cx);
        if (!poll.ready) continue;
        self->sum += poll.value;
        self->left--;
    }
    if (self->left > 0) return POLL_PENDING;
    return POLL_READY(self->sum);
}

static void join_drop(struct future *future)
{
    struct join *self = (struct join *)future;

    for (int i = 0; i < self->count; i++) future_drop(self->children[i]);
}

struct future *join(struct future **children, int count)
{
    static const struct future_vtable vtable = { "join", join_poll, join_drop };
    size_t size = sizeof(struct join) + (size_t)count * sizeof(*children);
    struct join *self = future_new(size, &vtable);

    self->count = count;
    self->left = count;
    for (int i = 0; i < count; i++) self->children[i] = children[i];
    return &self->future;
}
