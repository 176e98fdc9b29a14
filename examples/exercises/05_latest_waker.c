// 05. The latest waker wins.
//
// Concept. A future may be polled by one task today and by another tomorrow: it
// was moved, or stands in a select that has wakers of its own. Whoever polled
// last waits for it now, so that is who must be woken. But mostly it is the
// same task again, and then a new clone would only cost time.
//
// Read. trale.h, 'std::task::Waker'; trale.c, 'the latest waker wins', where a
// joiner keeps the waker of its last poll; trale.c, 'task.rs:
// Executor::executor_loop', step 3: where does the waker lie that it lends? In
// the book's chapter, 'Implementing a proper Reactor'.
//
// Write will_wake and doorbell_poll, the two gaps below.
//
// will_wake(a, b) is true if both wakers lead to the same task of the same
// executor, wherever the two objects lie. It is Rust's Waker::will_wake. The
// waker in a context is never empty.
//
// doorbell_poll is ready, with 0, if the bell was rung, and then leaves
// self->waker alone. Otherwise it is pending, and self->waker is one clone of
// the waker of this poll:
//
//     before the poll, self->waker     the poll
//     would wake the task that polls   leaves it there: no clone, no drop
//     would wake another, or is empty  drops it, keeps a clone of cx->waker
//
// Everything here happens on one thread.
//
// You need: waker_clone, waker_drop, POLL_PENDING, POLL_READY.
// Then type: make exercise N=05. If you are stuck: make hint N=05.
#include "exercise.h"

struct doorbell {
    struct future future;
    bool rung;
    struct waker waker; // owned; empty until the first poll
};

static bool will_wake(const struct waker *a, const struct waker *b)
{
    // ---- your code, in place of this line ----
    todo("will_wake", a, b);
    // ------------------------------------------
}

static struct poll doorbell_poll(struct future *future, struct context *cx)
{
    struct doorbell *self = (struct doorbell *)future;

    // ---- your code, in place of this line ----
    todo("doorbell_poll", self, cx, will_wake);
    // ------------------------------------------
}

static void doorbell_drop(struct future *future)
{
    waker_drop(&((struct doorbell *)future)->waker);
}

struct future *doorbell(void)
{
    static const struct future_vtable vtable = { "doorbell", doorbell_poll,
                                                 doorbell_drop };

    return future_new(sizeof(struct doorbell), &vtable);
}

void doorbell_ring(struct future *future)
{
    struct doorbell *self = (struct doorbell *)future;

    self->rung = true;
    waker_wake(&self->waker);
}
