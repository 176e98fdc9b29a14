// Lwt: one promise after another. lwt_bind is what it is all about.
//
// A promise made here waits for another one, its source. It embeds the callback
// that it leaves with the source, and when that runs, calls the function that it
// was given and becomes the promise which that returns.
//
// If the source is resolved already, nothing of that is needed: the function is
// called at once, and what it returns is the result. So a bind in a loop of
// resolved promises uses the stack as a recursive call does. stack_table.c shows
// it, and what to do.
#include "lwt.h"

#include <errno.h>

struct bind {
    struct promise promise;
    struct callback callback; // on the source
    struct promise *source;   // owned until it is resolved
    lwt_function *on_value, *on_error;
    lwt_mapping *mapping; // instead of on_value, or NULL
    void *env;
};

// The source is resolved. `self` may be gone after it has settled or become
// something.
static void bind_run(void *data, intptr_t value)
{
    struct bind *self = data;
    lwt_function *f = value < 0 ? self->on_error : self->on_value;

    promise_drop(self->source);
    if (value >= 0 && self->mapping != NULL)
        value = self->mapping(value, self->env);
    if (f == NULL)
        promise_settle(&self->promise, value);
    else
        promise_become(&self->promise, f(value, self->env));
}

// Cancelling goes on to the source. While the function runs that is resolved, so
// nothing happens; whoever runs our callback still has a reference to it.
static struct promise *bind_cancel(struct promise *promise)
{
    return ((struct bind *)promise)->source;
}

// The source sleeps, so the callback cannot run before this has returned.
static struct bind *bind_new(struct promise *source,
                             struct promise *(*cancel)(struct promise *self))
{
    struct bind *self = promise_alloc(sizeof(*self), cancel);

    self->callback.run = bind_run;
    self->callback.data = self;
    self->source = source;
    self->on_value = self->on_error = NULL;
    self->mapping = NULL;
    promise_on_any(source, &self->callback);
    return self;
}

struct promise *lwt_try_bind(struct promise *promise, lwt_function *on_value,
                             lwt_function *on_error, void *env)
{
    struct poll poll = promise_poll(promise);

    if (poll.ready) {
        lwt_function *f = poll.value < 0 ? on_error : on_value;
        if (f == NULL) return promise;
        promise_drop(promise);
        return f(poll.value, env);
    }
    struct bind *self = bind_new(promise, bind_cancel);
    self->on_value = on_value;
    self->on_error = on_error;
    self->env = env;
    return &self->promise;
}

struct promise *lwt_map(struct promise *promise, lwt_mapping *f, void *env)
{
    struct poll poll = promise_poll(promise);

    if (poll.ready && poll.value < 0) return promise;
    if (poll.ready) {
        promise_drop(promise);
        return promise_resolved(f(poll.value, env));
    }
    struct bind *self = bind_new(promise, bind_cancel);
    self->mapping = f;
    self->env = env;
    return &self->promise;
}

// ---------------------------------------------------------------------------
// finalize: cleans up, then has the outcome of what came before
// ---------------------------------------------------------------------------

// Two waits one after the other: for the promise, then for what cleanup returns.
// What the first one gave has to be kept meanwhile, and env has room for one
// pointer only. In OCaml a closure does this, here a struct.
struct finalize {
    lwt_thunk *cleanup;
    void *env;
    intptr_t outcome; // what came before
};

static struct promise *finalize_end(intptr_t value, void *env)
{
    struct finalize *self = env;
    intptr_t outcome = value < 0 ? value : self->outcome;

    free(self);
    return promise_resolved(outcome);
}

static struct promise *finalize_clean(intptr_t value, void *env)
{
    struct finalize *self = env;

    self->outcome = value;
    return lwt_try_bind(self->cleanup(self->env), finalize_end, finalize_end,
                        self);
}

struct promise *lwt_finalize(struct promise *promise, lwt_thunk *cleanup,
                             void *env)
{
    struct finalize *self = promise_malloc(sizeof(*self));

    *self = (struct finalize){ cleanup, env, 0 };
    return lwt_try_bind(promise, finalize_clean, finalize_clean, self);
}

// ---------------------------------------------------------------------------
// Who can be cancelled, and who is told
// ---------------------------------------------------------------------------

// The resolver still has its reference, so this takes another one.
static struct promise *task_cancel(struct promise *promise)
{
    promise_settle(promise_clone(promise), -ECANCELED);
    return NULL;
}

struct promise *lwt_task(struct resolver *resolver)
{
    return resolver->promise =
               promise_alloc(sizeof(struct promise), task_cancel);
}

// Every callback of a promise runs when it is resolved, this one as well. It
// asks whether it was by a cancel.
struct on_cancel {
    struct callback callback;
    void (*f)(void *env);
    void *env;
};

static void on_cancel_run(void *data, intptr_t value)
{
    struct on_cancel *self = data;

    if (value == -ECANCELED) self->f(self->env);
    free(self);
}

void lwt_on_cancel(struct promise *promise, void (*f)(void *env), void *env)
{
    struct on_cancel *self = promise_malloc(sizeof(*self));

    *self =
        (struct on_cancel){ { .run = on_cancel_run, .data = self }, f, env };
    promise_on_cancel(promise, &self->callback);
}

// The source goes on without us.
static struct promise *protected_cancel(struct promise *promise)
{
    struct bind *self = (struct bind *)promise;

    promise_forget(self->source, &self->callback);
    promise_drop(self->source);
    promise_settle(promise, -ECANCELED);
    return NULL;
}

struct promise *lwt_protected(struct promise *promise)
{
    if (promise_poll(promise).ready) return promise;
    return &bind_new(promise, protected_cancel)->promise;
}

struct promise *lwt_no_cancel(struct promise *promise)
{
    if (promise_poll(promise).ready) return promise;
    return &bind_new(promise, NULL)->promise;
}
