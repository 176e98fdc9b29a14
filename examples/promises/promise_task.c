// Promises and futures, each seen as the other.
//
// promise_await makes a future of a promise: an async block can await it.
// promise_spawn makes a promise of a future: a task polls it, and settles the
// promise with its output. promise_resolving is for other threads: a task that
// resolves a promise on the thread to which that belongs.
#include "../futures/spawn.h"
#include "../futures/waker.h"
#include "promise.h"

#include <errno.h>

// ---------------------------------------------------------------------------
// A promise, seen as a future
//
// It is a leaf future: what a reactor is to a socket, the promise's callbacks
// are to this. No lock is needed between looking and registering, because both
// the promise and the task are of this thread.
// ---------------------------------------------------------------------------

struct awaiting {
    struct future future;
    struct promise *promise;
    struct callback callback; // on the promise from the first pending poll on
    struct waker waker;
};

static void awaiting_run(void *data, intptr_t value)
{
    (void)value; // the next poll will look
    waker_wake(&((struct awaiting *)data)->waker);
}

static struct poll awaiting_poll(struct future *future, struct context *cx)
{
    struct awaiting *self = (struct awaiting *)future;
    struct poll poll = promise_poll(self->promise);

    if (poll.ready) return poll;
    waker_keep(&self->waker, cx->waker);
    if (self->callback.next == NULL)
        promise_on_any(self->promise, &self->callback);
    return POLL_PENDING;
}

static void awaiting_drop(struct future *future)
{
    struct awaiting *self = (struct awaiting *)future;

    promise_forget(self->promise, &self->callback);
    promise_drop(self->promise);
    waker_drop(&self->waker);
}

struct future *promise_await(struct promise *promise)
{
    static const struct future_vtable vtable = { "promise", awaiting_poll,
                                                 awaiting_drop };
    struct awaiting *self = future_new(sizeof(*self), &vtable);

    self->promise = promise;
    self->callback.run = awaiting_run;
    self->callback.data = self;
    return &self->future;
}

// ---------------------------------------------------------------------------
// A task, seen as a promise
//
// Either may outlive the other, so there are two structs: the promise, and the
// future of the task. Each knows the other until the promise is settled, which
// happens when the future is ready, when the promise is cancelled, or when the
// executor drops the task, whichever is first.
// ---------------------------------------------------------------------------

struct spawned {
    struct promise promise;
    struct running *running; // valid while the promise sleeps
};

// As a struct async its child, the future that was spawned, is seen by whoever
// prints a chain of awaits.
struct running {
    struct async async;
    struct spawned *spawned; // with a reference; NULL once settled
    struct waker waker;      // of this task, from the last pending poll
    bool polling;
};

// The future is dropped at once, and not when the task runs next: whoever
// cancels may close the descriptor that it waits for in the next line. A future
// in the middle of its poll cannot be dropped, so then running_poll does it.
// The task is woken, for it has to end; and if it was the last one to hold a
// waker, that must not vanish.
static struct promise *spawned_cancel(struct promise *promise)
{
    struct running *running = ((struct spawned *)promise)->running;
    struct future *future = running->async.child;

    running->spawned = NULL;
    promise_settle(promise, -ECANCELED);
    if (running->polling) return NULL;
    running->async.child = NULL;
    future_drop(future);
    waker_wake(&running->waker);
    return NULL;
}

// The part with the macros, which return when they like.
static struct poll running_step(struct future *future, struct context *cx)
{
    struct running *self = (struct running *)future;
    struct future *spawned = self->async.child;

    ASYNC_BEGIN(self);
    AWAIT(self, spawned);
    ASYNC_END(self, self->async.value);
}

static struct poll running_poll(struct future *future, struct context *cx)
{
    struct running *self = (struct running *)future;
    struct poll poll = POLL_PENDING;

    self->polling = true;
    if (self->spawned != NULL) poll = running_step(future, cx);
    self->polling = false;
    struct spawned *spawned = self->spawned;
    if (spawned == NULL) return POLL_READY(0); // it was cancelled, then or now
    if (!poll.ready) {
        waker_keep(&self->waker, cx->waker);
        return POLL_PENDING;
    }
    self->spawned = NULL;
    promise_settle(&spawned->promise, poll.value);
    return POLL_READY(0);
}

// If the promise sleeps, the executor has dropped a task that was not done.
static void running_drop(struct future *future)
{
    struct running *self = (struct running *)future;

    async_drop(future);
    waker_drop(&self->waker);
    if (self->spawned != NULL)
        promise_settle(&self->spawned->promise, -ECANCELED);
}

struct promise *promise_spawn(struct future *future)
{
    static const struct future_vtable vtable = { "promise", running_poll,
                                                 running_drop };
    struct running *running = future_new(sizeof(*running), &vtable);
    struct spawned *spawned = promise_alloc(sizeof(*spawned), spawned_cancel);

    spawned->running = running;
    running->spawned = spawned;
    running->async.child = future;
    spawn(&running->async.future);
    return &spawned->promise;
}

// ---------------------------------------------------------------------------
// A task that resolves a promise: the only way in for other threads
//
// A thread that has a resolver may not use it, for the promise has no lock. But
// any thread may spawn, and what it spawns is polled where the promise belongs.
// ---------------------------------------------------------------------------

struct resolving {
    struct future future;
    struct resolver resolver;
    intptr_t value;
};

static struct poll resolving_poll(struct future *future, struct context *cx)
{
    struct resolving *self = (struct resolving *)future;

    (void)cx;
    promise_resolve(&self->resolver, self->value);
    return POLL_READY(0);
}

static void resolving_drop(struct future *future)
{
    resolver_drop(&((struct resolving *)future)->resolver);
}

// Moves a pointer, and touches nothing of the promise: so any thread may call it.
struct future *promise_resolving(struct resolver *resolver, intptr_t value)
{
    static const struct future_vtable vtable = { "resolving", resolving_poll,
                                                 resolving_drop };
    struct resolving *self = future_new(sizeof(*self), &vtable);

    self->resolver.promise = resolver_take(resolver);
    self->value = value;
    return &self->future;
}
