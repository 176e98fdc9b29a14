// 01. A future is a state machine.
//
// Concept. A future is a struct and a poll function. The struct holds what must
// be remembered; each call of the function does a part of the work and returns.
// In between nothing of it is on any stack: it is suspended.
//
// Read. trale.c, 'std: Future, and what rustc makes of .await'; trale.h,
// 'Future, Poll, Context, Waker'; examples/states.c for a whole one. In the
// book's chapter, 'Improving our base example'. The words are explained in
// NOTES.md, 'How to read trale.c'.
//
// Write countdown_poll, the gap below. countdown(3) is a future that is pending
// three times, and at its fourth poll is ready with the value 3:
//
//     poll   left before   returns
//     1      3             POLL_PENDING
//     2      2             POLL_PENDING
//     3      1             POLL_PENDING
//     4      0             POLL_READY(3)
//
// countdown(0) is ready at its first poll, with 0. A poll must not block, and
// must not do the work of several polls.
//
// Before it returns POLL_PENDING, a future sees to it that its task is woken,
// or nobody ever polls it again. Here nothing is waited for, so it wakes the
// task at once, which says: there is more to do, but let others go first. The
// waker in the context is only lent. Waking consumes a waker, so wake a clone.
//
// You need: POLL_PENDING, POLL_READY, waker_clone, waker_wake.
// Then type: make exercise N=01. If you are stuck: make hint N=01.
#include "exercise.h"

// All that the future remembers from one poll to the next.
struct countdown {
    struct future future; // first, so that a pointer to one is both
    int from, left;
};

static struct poll countdown_poll(struct future *future, struct context *cx)
{
    struct countdown *self = (struct countdown *)future;

    // ---- your code, in place of this line ----
    todo("countdown_poll", self, cx);
    // ------------------------------------------
}

// The constructor: a future at its start, not polled yet.
struct future *countdown(int from)
{
    static const struct future_vtable vtable = { "countdown", countdown_poll,
                                                 NULL };
    struct countdown *self = future_new(sizeof(*self), &vtable);

    self->from = from;
    self->left = from;
    return &self->future;
}
