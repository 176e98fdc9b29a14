// 04. A leaf future keeps the waker.
//
// Concept. A leaf future is where a chain of awaits ends: it waits for something
// that is no future. In its poll it leaves a clone of the waker with whoever
// will know, and what it waited for then wakes the task. Nobody asks in between.
//
// Read. trale.h, 'Future, Poll, Context, Waker': what clones, wakes and drops a
// waker; trale.c, 'futures/timer.rs: a leaf future', and 'joiner_poll', which
// keeps a waker itself. In the book's chapter, 'Implementing a proper Reactor'.
//
// Write bell_poll, bell_ring and bell_drop, the three gaps below.
//
// bell_wait() is a future that is pending until the bell is rung, and then ready
// with 0. A poll before that keeps a clone of the context's waker in
// self->waker. It wakes nobody: the bell has not been rung. If there is a waker
// from an earlier poll, that is dropped and the new one kept.
//
// bell_ring notes that the bell was rung, and wakes whoever waits, once. It may
// be called before the first poll, and more than once.
//
// bell_drop runs when the future is dropped, rung or not. Whatever waker is
// still kept is given back, for it is a reference to the task.
//
// An empty waker has the vtable NULL. future_new gives zeroed memory, and
// waker_wake and waker_drop leave the waker empty and do nothing to an empty one.
//
// Then type: make exercise N=04. If you are stuck: make hint N=04.
#include "exercise.h"

struct bell {
    struct future future;
    bool rung;
    struct waker waker; // of whoever waits; empty if nobody does
};

static struct poll bell_poll(struct future *future, struct context *cx)
{
    struct bell *self = (struct bell *)future;

    // ---- your code, in place of this line ----
    todo("bell_poll", self, cx);
    // ------------------------------------------
}

void bell_ring(struct future *future)
{
    struct bell *self = (struct bell *)future;

    // ---- your code, in place of this line ----
    todo("bell_ring", self);
    // ------------------------------------------
}

static void bell_drop(struct future *future)
{
    struct bell *self = (struct bell *)future;

    // ---- your code, in place of this line ----
    todo("bell_drop", self);
    // ------------------------------------------
}

struct future *bell_wait(void)
{
    static const struct future_vtable vtable = { "bell", bell_poll, bell_drop };

    return future_new(sizeof(struct bell), &vtable);
}
