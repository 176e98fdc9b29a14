// The kernel of this folder: a value, and who waits for it.
//
// Four ideas, in the order of the file:
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
//
// A promise is no task and no future: it is moved by whoever settles the one
// that it waits for. What makes one of the other is in promise_task.c.
//
// A promise that sleeps is never freed, for whoever is going to settle it has a
// reference. That is why `inner` and the callbacks need not be counted.
#include "promise.h"

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
    while (promise->proxy != NULL) promise = promise->proxy;
    return (struct promise *)promise;
}

// The same, where users come in.
static struct promise *own(const struct promise *promise)
{
    if (promise->thread != &promise_in_callback)
        panic("a promise was touched on a foreign thread: spawn "
              "promise_resolving where it belongs");
    return underlying(promise);
}

struct promise *promise_clone(struct promise *promise)
{
    own(promise);
    promise->refs++;
    return promise;
}

// It loops because a proxy refers to another promise, maybe a proxy as well.
static void release(struct promise *promise)
{
    while (promise != NULL && --promise->refs == 0) {
        struct promise *proxy = promise->proxy;
        free(promise);
        promise = proxy;
    }
}

void promise_drop(struct promise *promise)
{
    if (promise != NULL) own(promise);
    release(promise);
}

struct poll promise_poll(const struct promise *promise)
{
    return own(promise)->poll;
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
    promise = own(promise);
    if (promise->poll.ready) {
        callback->run(callback->data, promise->poll.value);
        return;
    }
    callback->prev = callback->next = callback; // a ring of one
    ring_append(&promise->callbacks, callback);
}

void promise_on_cancel(struct promise *promise, struct callback *callback)
{
    promise = own(promise);
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
            release(promise);
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
    *place = promise;
    if (promise->due == NULL) due.end = &promise->due;
    if (!last) due.at = &promise->due;
}

// Takes a reference over.
static void settle(struct promise *promise, intptr_t value, bool last)
{
    struct promise *self = own(promise);
    bool sleeps = !self->poll.ready;

    if (sleeps) self->poll = POLL_READY(value);
    if (sleeps && self->callbacks != NULL) {
        self->refs++; // the queue's
        due_add(self, last);
        run_due();
    }
    release(promise);
}

void promise_settle(struct promise *promise, intptr_t value)
{
    settle(promise, value, false);
}

struct promise *resolver_take(struct resolver *resolver)
{
    struct promise *promise = resolver->promise;

    if (promise == NULL)
        panic("a resolver was used twice: a promise is resolved only once");
    resolver->promise = NULL;
    return promise;
}

void promise_resolve(struct resolver *resolver, intptr_t value)
{
    settle(resolver_take(resolver), value, true);
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
        release(promise);
    else {
        ring_append(&outer->callbacks, inner->callbacks);
        inner->callbacks = NULL;
        outer->refs++;
        inner->proxy = outer;
        outer->inner = inner->inner != NULL ? inner->inner : inner;
        release(promise);
    }
    release(other);
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
        promise = own(promise);
        if (promise->poll.ready) break;
        if (promise->inner != NULL) promise = promise->inner;
        promise = promise->cancel != NULL ? promise->cancel(promise) : NULL;
    }
    if (outermost) promise_in_callback = false;
    run_due();
}
