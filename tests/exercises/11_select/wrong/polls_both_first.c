// Expect: A, the first child, was ready, and yet B was polled. It was ready too, so
#include "11_select.h"
#include "exercise.h"

struct poll race_poll(struct future *future, struct context *cx)
{
    struct race *self = (struct race *)future;
    struct poll first = await(&self->child[0], cx);
    struct poll second = await(&self->child[1], cx);

    if (!first.ready && !second.ready) return POLL_PENDING;
    future_drop(self->child[0]);
    future_drop(self->child[1]);
    self->child[0] = self->child[1] = NULL;
    return first.ready ? first : second;
}

void race_drop(struct future *future)
{
    struct race *self = (struct race *)future;

    future_drop(self->child[0]);
    future_drop(self->child[1]);
}

struct poll receive_poll(struct future *future, struct context *cx)
{
    todo("receive_poll", future, cx);
}

void receive_drop(struct future *future)
{
    todo("receive_drop", future);
}
