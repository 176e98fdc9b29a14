// The children that are left stand in front: no NULL among them.
#include "exercise.h"

#include <string.h>

struct join {
    struct future future;
    int count, left;
    intptr_t sum;
    struct future *children[];
};

static struct poll join_poll(struct future *future, struct context *cx)
{
    struct join *self = (struct join *)future;
    int kept = 0;

    for (int i = 0; i < self->left; i++) {
        struct future *child = self->children[i];
        struct poll poll = future_poll(child, cx);
        if (!poll.ready) {
            self->children[kept++] = child;
            continue;
        }
        future_drop(child);
        self->sum += poll.value;
    }
    self->left = kept;
    return kept > 0 ? POLL_PENDING : POLL_READY(self->sum);
}

static void join_drop(struct future *future)
{
    struct join *self = (struct join *)future;

    while (self->left > 0) future_drop(self->children[--self->left]);
}

struct future *join(struct future **children, int count)
{
    static const struct future_vtable vtable = { "join", join_poll, join_drop };
    size_t size = (size_t)count * sizeof(*children);
    struct join *self = future_new(sizeof(struct join) + size, &vtable);

    self->count = count;
    self->left = count;
    if (count > 0) memcpy(self->children, children, size);
    return &self->future;
}
