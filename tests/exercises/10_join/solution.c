// 10. Join, and spurious wakes: the solution.
#include "exercise.h"

struct join {
    struct future future;
    int count, left;           // children in all; of those, not yet ready
    intptr_t sum;              // of the values of those that were ready
    struct future *children[]; // as many as count; NULL: was ready, is dropped
};

// It does not matter why we are polled. Each child that is left is asked, and
// one that was not woken says once more that it is pending.
static struct poll join_poll(struct future *future, struct context *cx)
{
    struct join *self = (struct join *)future;

    for (int i = 0; i < self->count; i++) {
        if (self->children[i] == NULL) continue;
        struct poll poll = future_poll(self->children[i], cx);
        if (!poll.ready) continue;
        future_drop(self->children[i]);
        self->children[i] = NULL;
        self->sum += poll.value;
        self->left--;
    }
    if (self->left > 0) return POLL_PENDING;
    return POLL_READY(self->sum);
}

// Those that were ready are NULL, which future_drop lets be.
static void join_drop(struct future *future)
{
    struct join *self = (struct join *)future;

    for (int i = 0; i < self->count; i++) future_drop(self->children[i]);
}

// The array of pointers is copied, and stays the caller's.
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
