// 01b. A coroutine is a state machine, too: the solution.
#include "exercise.h"

enum sum_state { SUM_FIRST, SUM_SECOND };

struct sum {
    struct future future;
    enum sum_state state;
    struct future *child; // the one that is awaited, owned; NULL: none
    intptr_t a;           // once the first was ready
    struct future *(*second)(intptr_t a);
};

// Each case ends at an await. Falling into the next one is what "goes on as far
// as it can" means: a new child must be polled, or it waits for nothing.
static struct poll sum_poll(struct future *future, struct context *cx)
{
    struct sum *self = (struct sum *)future;
    struct poll poll = await(&self->child, cx);

    if (poll.ready && self->state == SUM_FIRST) {
        self->a = poll.value; // a local would not live until the next poll
        self->state = SUM_SECOND;
        self->child = self->second(self->a);
        poll = await(&self->child, cx);
    }
    if (!poll.ready) return POLL_PENDING;
    return POLL_READY(self->a + poll.value);
}

// In either state there is at most one child.
static void sum_drop(struct future *future)
{
    future_drop(((struct sum *)future)->child);
}

struct future *sum(struct future *first, struct future *(*second)(intptr_t a))
{
    static const struct future_vtable vtable = { "sum", sum_poll, sum_drop };
    struct sum *self = future_new(sizeof(*self), &vtable);

    self->child = first;
    self->second = second;
    return &self->future;
}
