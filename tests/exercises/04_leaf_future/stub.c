// 04. A leaf future keeps the waker.
//
// Concept. A leaf future is where a chain of awaits ends: it waits for
// something that is no future. In its poll it leaves a clone of the waker with
// whoever will know, and what it waited for then wakes the task. Nobody asks in
// between.
//
// Read. trale.h, 'Future, Poll, Context, Waker': what clones, wakes and drops a
// waker; trale.c, 'futures/timer.rs: a leaf future', and 'later trale:
// TaskJoiner::poll', which keeps a waker itself. In the book's chapter,
// 'Implementing a proper Reactor'.
//
// Write will_wake, bell_poll, bell_ring and bell_drop, the four gaps below.
//
// will_wake(a, b) is true if both wakers lead to the same task of the same
// executor, wherever the two objects lie. It is Rust's Waker::will_wake. The
// waker in a context is never empty.
//
// bell_wait() is a future that is pending until the bell is rung, and then
// ready with 0. A poll before that wakes nobody: the bell has not been rung. It
// leaves one clone of the context's waker in self->waker, for whoever polled
// last is who waits now. But mostly that is the same task again:
//
//     before the poll, self->waker     the poll
//     would wake the task that polls   leaves it there: no clone, no drop
//     would wake another, or is empty  drops it, keeps a clone of cx->waker
//
// bell_ring notes that the bell was rung, and then wakes whoever waits, once.
// An executor may poll the task inside that wake. bell_ring may be called
// before the first poll, and more than once: a second ring wakes nobody.
//
// bell_drop runs when the future is dropped, rung or not. Whatever waker is
// still kept is given back, for it is a reference to the task.
//
// An empty waker has the vtable NULL. future_new gives zeroed memory, and
// waker_wake and waker_drop leave the waker empty and do nothing to an empty
// one.
//
// Then type: make exercise N=04. If you are stuck: make hint N=04.
#include "exercise.h"

struct bell {
    struct future future;
    bool rung;
    struct waker waker; // of whoever waits; empty if nobody does
};

static bool will_wake(const struct waker *a, const struct waker *b)
{
    // ---- your code, in place of this line ----
    todo("will_wake", a, b);
    // ------------------------------------------
}

static struct poll bell_poll(struct future *future, struct context *cx)
{
    struct bell *self = (struct bell *)future;

    // ---- your code, in place of this line ----
    todo("bell_poll", self, cx, will_wake);
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
