// The mistake: a future returns POLL_PENDING, and nobody has its waker. Who
// makes it thinks that the executor polls what is pending again and again, as
// a loop would. It does not: it sleeps until a waker is woken.
//
// Rust says nothing. There such a task sleeps for ever, and in silence.
//
// What to do: give a clone of cx->waker to whoever will know that it is time
// (the reactor, another task, a thread), and let that one wake it.
#include "trale.h"

struct countdown {
    struct future future;
    int left;
};

static struct poll countdown_poll(struct future *future, struct context *cx)
{
    struct countdown *self = (struct countdown *)future;

    (void)cx; // here it is
    return self->left-- == 0 ? POLL_READY(0) : POLL_PENDING;
}

static struct future *countdown(int from)
{
    static const struct future_vtable vtable = { "countdown", countdown_poll,
                                                 NULL };
    struct countdown *self = future_new(sizeof(*self), &vtable);

    self->left = from;
    return &self->future;
}

int main(void)
{
    executor_block_on(countdown(3));
    return 0;
}

// Expected output:
//
//     trale: in task countdown#1: nobody holds a waker of it any more, so it
//         can never run again: keep a clone of cx->waker and wake it
