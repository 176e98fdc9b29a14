// The kernel of this folder: a value, and who waits for it.
//
// Five ideas, in the order of the file:
//
// 1. A promise sleeps until it is settled, once and for ever. Who waits for it
//    embeds a callback, and the callbacks of a promise are a ring. So waiting
//    allocates nothing here.
// 2. No callback runs inside another one. What is settled goes into a queue, and
//    only the outermost settler on the stack runs the queue. So a chain of a
//    million promises needs no more stack than one.
// 3. A promise can become another one. Then it is a proxy: whatever is done to
//    it is done to that other one. Loops of binds need that. Without it, each
//    round would leave behind a promise that waits for the next round.
// 4. Cancelling goes backwards, from a promise to what it waits for, down to one
//    that can be settled. From there all goes forwards again, as always.
//    Whatever is about it has cancel in its name.
// 5. A promise is no task: it is moved by whoever settles the one that it waits
//    for. promise_spawn makes a promise of a task, promise_await a future of a
//    promise.
//
// A promise that sleeps is never freed, for whoever is going to settle it has a
// reference. That is why `inner` and the callbacks need not be counted.
#include "promise.h"
#include "../futures/spawn.h"

#include <errno.h>

// Each thread has its own promises, and its own queue. No two threads have the
// first variable at the same address, so its address also tells them apart.
_Thread_local bool promise_in_callback;
static _Thread_local struct {
    struct promise *first; // settled, and some callbacks have not run yet
    struct promise **at;   // where the next one goes
    struct promise **end;
} due;

// ---------------------------------------------------------------------------
// 1. One promise
// ---------------------------------------------------------------------------

// Not calloc, which takes thrice the time in glibc.
void *promise_malloc(size_t size)
{
    void *memory = malloc(size);

    if (memory == NULL) panic("out of memory");
    return memory;
}

void *promise_alloc(size_t size,
                    struct promise *(*cancel)(struct promise *self))
{
    struct promise *promise = promise_malloc(size);

    *promise = (struct promise){ .thread = &promise_in_callback,
                                 .refs = 2,
                                 .cancel = cancel };
    return promise;
}

struct promise *promise_new(struct resolver *resolver)
{
    return resolver->promise = promise_alloc(sizeof(struct promise), NULL);
}

struct promise *promise_resolved(intptr_t value)
{
    struct promise *promise = promise_alloc(sizeof(*promise), NULL);

    promise->refs = 1;
    promise->poll = POLL_READY(value);
    return promise;
}

// Lwt's `underlying`: the promise that this one is now.
static struct promise *underlying(const struct promise *promise)
{
    if (promise->thread != &promise_in_callback)
        panic("a promise was touched on a foreign thread: spawn "
              "promise_resolving where it belongs");
    while (promise->proxy != NULL) promise = promise->proxy;
    return (struct promise *)promise;
}

struct promise *promise_clone(struct promise *promise)
{
    (void)underlying(promise);
    promise->refs++;
    return promise;
}

// It loops because a proxy refers to another promise, maybe a proxy as well.
void promise_drop(struct promise *promise)
{
    if (promise != NULL) (void)underlying(promise);
    while (promise != NULL && --promise->refs == 0) {
        struct promise *proxy = promise->proxy;
        free(promise);
        promise = proxy;
    }
}

struct poll promise_poll(const struct promise *promise)
{
    return underlying(promise)->poll;
}

// ---------------------------------------------------------------------------
// 2. Callbacks, and the queue of those that are due
//
// Lwt runs the newest callback first, and some inside others. Ours run in the
// order in which they were registered, promise by promise.
// ---------------------------------------------------------------------------

// Puts the ring `more` behind the last callback of *ring. Either may be empty.
static void ring_append(struct callback **ring, struct callback *more)
{
    struct callback *first = *ring;

    if (first == NULL) *ring = more;
    if (first == NULL || more == NULL) return;
    struct callback *last = more->prev;
    first->prev->next = more;
    more->prev = first->prev;
    last->next = first;
    first->prev = last;
}

static void ring_remove(struct callback **ring, struct callback *callback)
{
    callback->prev->next = callback->next;
    callback->next->prev = callback->prev;
    if (*ring == callback)
        *ring = callback->next == callback ? NULL : callback->next;
    callback->prev = callback->next = NULL;
}

void promise_on_any(struct promise *promise, struct callback *callback)
{
    promise = underlying(promise);
    if (promise->poll.ready) {
        callback->run(callback->data, promise->poll.value);
        return;
    }
    callback->prev = callback->next = callback; // a ring of one
    ring_append(&promise->callbacks, callback);
}

void promise_on_cancel(struct promise *promise, struct callback *callback)
{
    promise = underlying(promise);
    bool sleeps = !promise->poll.ready;
    promise_on_any(promise, callback);
    if (sleeps) promise->callbacks = callback; // the last is before the first
}

void promise_forget(struct promise *promise, struct callback *callback)
{
    if (callback->next != NULL)
        ring_remove(&underlying(promise)->callbacks, callback);
}

// Runs all that is due, unless we are inside a callback: then whoever runs that
// one goes on with ours. Each callback is taken off before it runs, for it may
// free itself, or forget the next one. What it settles comes next, in order, and
// only then its own promise's other callbacks.
static void run_due(void)
{
    if (promise_in_callback) return;
    promise_in_callback = true;
    for (struct promise *promise; (promise = due.first) != NULL;) {
        struct callback *callback = promise->callbacks;
        if (callback != NULL) {
            ring_remove(&promise->callbacks, callback);
            due.at = &due.first;
            callback->run(callback->data, promise->poll.value);
        } else {
            due.first = promise->due;
            promise_drop(promise);
        }
    }
    promise_in_callback = false;
}

// Lwt.wakeup_later is called so because, in a callback, it lets all else that is
// due go first: `last`. What settles as a consequence of something goes next.
static void due_add(struct promise *promise, bool last)
{
    if (due.first == NULL) due.at = due.end = &due.first;
    struct promise **place = last ? due.end : due.at;
    promise->due = *place;
    *place = promise_clone(promise);
    if (promise->due == NULL) due.end = &promise->due;
    if (!last) due.at = &promise->due;
}

static void settle(struct promise *promise, intptr_t value, bool last)
{
    struct promise *self = underlying(promise);

    if (!self->poll.ready) {
        self->poll = POLL_READY(value);
        if (self->callbacks != NULL) due_add(self, last);
    }
    promise_drop(promise);
    run_due();
}

void promise_settle(struct promise *promise, intptr_t value)
{
    settle(promise, value, false);
}

// Takes the promise out of its resolver, which is empty from now on.
static struct promise *take(struct resolver *resolver)
{
    struct promise *promise = resolver->promise;

    if (promise == NULL)
        panic("a resolver was used twice: a promise is resolved only once");
    resolver->promise = NULL;
    return promise;
}

void promise_resolve(struct resolver *resolver, intptr_t value)
{
    settle(take(resolver), value, true);
}

void resolver_drop(struct resolver *resolver)
{
    if (resolver->promise != NULL) promise_resolve(resolver, -EPIPE);
}

// ---------------------------------------------------------------------------
// 3. Proxies
//
// Somebody waits for `outer` already, and it turns out that its value is going
// to be that of `inner`. The one to become the other is inner, although outer
// is the one that waits: outer is what users have, and it stays when the next
// inner comes.
// ---------------------------------------------------------------------------

void promise_become(struct promise *promise, struct promise *other)
{
    struct promise *outer = underlying(promise), *inner = underlying(other);

    if (outer == inner)
        promise_settle(promise, -EDEADLK);
    else if (inner->poll.ready)
        promise_settle(promise, inner->poll.value);
    else if (outer->poll.ready)
        promise_drop(promise);
    else {
        ring_append(&outer->callbacks, inner->callbacks);
        inner->callbacks = NULL;
        inner->proxy = promise_clone(outer);
        outer->inner = inner->inner != NULL ? inner->inner : inner;
        promise_drop(promise);
    }
    promise_drop(other);
}

// ---------------------------------------------------------------------------
// 4. Cancelling
//
// Lwt settles all that it finds before it runs any callback, and so do we: the
// walk counts as a callback, so what is settled meanwhile is only queued. That
// also keeps in place all the promises that we walk over.
// ---------------------------------------------------------------------------

void promise_cancel(struct promise *promise)
{
    bool outermost = !promise_in_callback;

    promise_in_callback = true;
    while (promise != NULL) {
        promise = underlying(promise);
        if (promise->poll.ready) break;
        if (promise->inner != NULL) promise = promise->inner;
        promise = promise->cancel != NULL ? promise->cancel(promise) : NULL;
    }
    if (outermost) promise_in_callback = false;
    run_due();
}

// ---------------------------------------------------------------------------
// 5. Promises and futures
// ---------------------------------------------------------------------------

// A future may be polled with another waker each time; the latest counts.
static void waker_keep(struct waker *kept, const struct waker *waker)
{
    if (kept->vtable == waker->vtable && kept->data == waker->data) return;
    waker_drop(kept);
    *kept = waker_clone(waker);
}

// A promise, seen as a future.
struct awaiting {
    struct future future;
    struct promise *promise;
    struct callback callback; // on the promise while the waker is not empty
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
    struct poll poll = underlying(self->promise)->poll;

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

// A task, seen as a promise. The promise may outlive the task, so there are two
// structs. Each refers to the other until the promise is settled.
struct spawned {
    struct promise promise;
    struct running *running;
};

struct running {
    struct async async;
    struct spawned *spawned; // its reference to be settled; NULL once it was
    struct waker waker;      // of our task, since the last poll
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

// It does not touch the promise, and so may run on any thread.
struct future *promise_resolving(struct resolver *resolver, intptr_t value)
{
    static const struct future_vtable vtable = { "resolving", resolving_poll,
                                                 resolving_drop };
    struct resolving *self = future_new(sizeof(*self), &vtable);

    self->resolver.promise = take(resolver);
    self->value = value;
    return &self->future;
}
