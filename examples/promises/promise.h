// A promise: a value that is there now, or will be later. OCaml's 'a Lwt.t.
//
// It is a struct poll that remembers who asked. Who asks is not its business,
// and that is the point of it: the same promise can be waited for by
//
//     a state machine   AWAIT(self, promise_await(p))      trale.h
//     a callback        lwt_bind(p, f, env)                lwt.h
//     a stack           fiber_await(promise_await(p))      fiber.h
//
// A failure is a negative value, as everywhere here: where OCaml raises an
// exception, C has an errno. -ECANCELED is Lwt.Canceled.
//
// Promises are counted. A function that is given a promise takes over one
// reference, except promise_clone, promise_poll, promise_state, promise_cancel,
// promise_forget and promise_on_*, which borrow it. To use a promise twice,
// clone it.
//
// A promise belongs to the thread that made it, and needs no lock. Another
// thread may resolve it by spawning promise_resolving there. Misuse prints one
// line and aborts.
#ifndef PROMISE_H
#define PROMISE_H

#include "trale.h"

// Lwt.state: Sleep, Return of a value >= 0, Fail with a value < 0.
enum promise_state { PROMISE_SLEEP, PROMISE_RETURN, PROMISE_FAIL };

// The right to resolve a promise: 'a Lwt.u. Resolving and dropping consume it.
// Zeroed memory is an empty one. C would copy it; pass its address around.
struct resolver {
    struct promise *promise;
};

// Lwt.wait: a promise that sleeps, and its resolver. Nobody can cancel it.
struct promise *promise_new(struct resolver *resolver);

// Lwt.return, Lwt.fail: a promise that is resolved from the start.
struct promise *promise_resolved(intptr_t value);

// One more reference, and one less. The last one frees the promise.
struct promise *promise_clone(struct promise *promise);
void promise_drop(struct promise *promise); // NULL: nothing happens

// POLL_PENDING while it sleeps.
struct poll promise_poll(const struct promise *promise);

static inline enum promise_state promise_state(const struct promise *promise)
{
    struct poll poll = promise_poll(promise);

    if (!poll.ready) return PROMISE_SLEEP;
    return poll.value < 0 ? PROMISE_FAIL : PROMISE_RETURN;
}

// Lwt.wakeup_later; with a negative value, Lwt.wakeup_later_exn. Runs the
// callbacks before it returns; called in a callback it returns at once, and
// they run after that. If the promise was cancelled, nothing happens.
void promise_resolve(struct resolver *resolver, intptr_t value);

// Breaks the promise: it fails with -EPIPE. (Lwt's would sleep for ever.) An
// empty resolver: nothing happens.
void resolver_drop(struct resolver *resolver);

// Lwt.cancel. Goes back to what the promise waits for in the end, and lets that
// fail with -ECANCELED if it may be cancelled. The failure then comes forward
// as any other. A promise that is resolved stays as it is.
void promise_cancel(struct promise *promise);

// ---------------------------------------------------------------------------
// Promises and futures: promise_task.c
// ---------------------------------------------------------------------------

// A future that is ready with the promise's value. Several may await one.
struct future *promise_await(struct promise *promise);

// Spawns the future on the executor that polls on this thread, and promises its
// output; so call it in a task, or inside lwt_main_run. Cancelling drops the
// future. If the executor drops it, the promise fails with -ECANCELED as well.
struct promise *promise_spawn(struct future *future);

// A future that resolves the promise when it is polled, and is ready with 0:
// for other threads to spawn where the promise belongs. Consumes the resolver.
struct future *promise_resolving(struct resolver *resolver, intptr_t value);

// ---------------------------------------------------------------------------
// For those who build on promises, as lwt.c does
// ---------------------------------------------------------------------------

// What is to be done once a promise is resolved. It is part of a larger struct,
// as a subscription is, and must stay until it has run or was forgotten.
struct callback {
    struct callback *prev, *next; // NULL: on no promise
    void (*run)(void *data, intptr_t value);
    void *data;
};

// Lwt.on_any: runs the callback once the promise is resolved; at once if it is
// resolved already.
void promise_on_any(struct promise *promise, struct callback *callback);

// Lwt.on_cancel: the same, but before all others. It must look at the value.
void promise_on_cancel(struct promise *promise, struct callback *callback);

// Takes the callback back, if it has not run.
void promise_forget(struct promise *promise, struct callback *callback);

// Embed it as the first member of a struct of your own. The fields are
// promise.c's business.
struct promise {
    struct poll poll; // not ready: it sleeps
    const void *thread;
    size_t refs;
    struct callback *callbacks; // the oldest of a ring, or NULL
    struct promise *(*cancel)(struct promise *self);
    struct promise *proxy; // owned: from now on we are that promise
    struct promise *inner; // the last one that became us: how to cancel us
    struct promise *due;   // the next one whose callbacks have to run
};

// malloc, but memory that runs out aborts. Not zeroed.
void *promise_malloc(size_t size);

// A promise that sleeps, in `size` bytes of which the rest is not initialised.
// It has two references: the caller's, and one of whoever is going to resolve
// it, which promise_settle or promise_become take over.
//
// cancel(self) either settles self, or returns the promise to go on with: the
// one that self waits for, borrowed. NULL: self cannot be cancelled.
void *promise_alloc(size_t size,
                    struct promise *(*cancel)(struct promise *self));

// Takes the promise out of its resolver, which is empty from now on.
struct promise *resolver_take(struct resolver *resolver);

// Resolves the promise, unless it is resolved: then nothing happens.
void promise_settle(struct promise *promise, intptr_t value);

// From now on the first promise and `other`, which is taken over, are one. A
// promise that would wait for itself fails with -EDEADLK.
void promise_become(struct promise *promise, struct promise *other);

// Whether a callback runs on this thread.
extern _Thread_local bool promise_in_callback;

#endif
