// 10. Join, and spurious wakes.
//
// Concept. A future that awaits several others at the same time: join. They all
// belong to one task and are given the same waker. So whichever of them wakes
// it, join is polled, and cannot know which it was; nor whether it was one of
// them at all, for a wake may come late, twice or by mistake. Such a wake is
// called spurious. It does no harm to a future that takes no wake for an answer
// and asks each child that is not ready yet.
//
// Read. trale.c, 'std: Future, and what rustc makes of .await', await, which is
// this for a single child; trale.c, 'A wake is only a hint'. In the book's
// chapter, 'Step 2 – Implementing a proper Executor', on false wake-ups.
//
// Write join_poll and join_drop. join(children, 3) takes over three futures.
//
// join_poll: in each poll, polls every child that has not been ready yet, once.
// That one child is pending must not keep the next from being polled, or they
// run one after another. A child that is ready is dropped at once, because it
// may own a descriptor that others need; its value is added to the sum, and it
// is never polled again. Ready with the sum once all children have been ready.
// Pending otherwise; then the children that are pending have kept a waker each,
// and join itself neither wakes nor keeps one.
//
// join_drop: join may be dropped before it is ready, even before it is polled.
// It then drops the children that it still has.
//
// You need: future_poll, future_drop, POLL_PENDING, POLL_READY.
// Then type: make exercise N=10. If you are stuck: make hint N=10.
#include "exercise.h"

struct join {
    struct future future;
    int count, left;           // children in all; of those, not yet ready
    intptr_t sum;              // of the values of those that were ready
    struct future *children[]; // as many as count; NULL: was ready, is dropped
};

static struct poll join_poll(struct future *future, struct context *cx)
{
    struct join *self = (struct join *)future;

    // ---- your code, in place of this line ----
    todo("join_poll", self, cx);
    // ------------------------------------------
}

static void join_drop(struct future *future)
{
    struct join *self = (struct join *)future;

    // ---- your code, in place of this line ----
    todo("join_drop", self);
    // ------------------------------------------
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
