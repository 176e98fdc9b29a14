// A fiber: a future whose poll enters a stack.
//
//     executor's stack              fiber's stack
//
//     fiber_poll: stack_enter --->  function
//                                     ... nested calls ...
//                                       fiber_await: polls, and it is pending
//     returns POLL_PENDING    <---          stack_leave
//
//     fiber_poll: stack_enter --->          goes on, and polls it again
//
// So all of a task below the fiber is on the fiber's stack, and all above it
// stays as it is: an executor that knows nothing of stacks.
//
// It embeds a struct async, and tells what it awaits in the same way as an async
// block does. So traces, dumps and panics show where it is.
#include "fiber.h"
#include "../futures/waker.h"
#include "../promises/promise.h"
#include "stack.h"
#include "switch.h"

#include <errno.h>
#include <string.h>

static _Thread_local struct fiber *running;

struct fiber *fiber_self(const char *what)
{
    if (running == NULL)
        panic("%s outside of a fiber: call it on one, or AWAIT in a task",
              what);
    if (running->async.child != NULL)
        panic("%s inside the poll of a future that the fiber %s awaits: "
              "AWAIT there",
              what, running->vtable.name);
    if (promise_in_callback && !running->dropped)
        panic("%s in a promise's callback, which must not wait: bind to the "
              "promise, or fork a fiber",
              what);
    return running;
}

// A cancel does not get past a protecting scope. A drop does.
static bool has_to_end(const struct fiber *self)
{
    if (self->dropped) return true;
    for (const struct scope *s = self->scope; s != NULL; s = s->outer) {
        if (s->cancelled) return true;
        if (s->protects) return false;
    }
    return false;
}

// ---------------------------------------------------------------------------
// On the fiber's stack
// ---------------------------------------------------------------------------

static void fiber_main(void *data)
{
    struct fiber *self = data;

    self->async.value = self->function(self->arg);
}

// In a switch, others may cancel us, and have to wake us for that. Elsewhere
// nobody can, and we keep no waker: so the executor notices if nobody is left
// who could wake us.
static void suspend(struct fiber *self)
{
    if (self->scope->outer != NULL) waker_keep(&self->waker, self->cx->waker);
    stack_leave(self->stack);
}

intptr_t fiber_wait(struct fiber *self, struct future *future, const char *file,
                    int line, bool cancellable)
{
    self->async.child = future;
    self->async.future.line = line;
    self->async.file = file;
    for (;;) {
        struct poll poll = await(&self->async.child, self->cx);
        if (poll.ready) return poll.value;
        suspend(self);
        if (self->dropped || (cancellable && has_to_end(self))) break;
    }
    self->async.child = NULL;
    future_drop(future);
    return -ECANCELED;
}

intptr_t fiber_await_at(struct future *future, const char *file, int line)
{
    struct fiber *self = fiber_self("fiber_await");

    if (!has_to_end(self)) {
        self->refused = 0;
        return fiber_wait(self, future, file, line, true);
    }
    future_drop(future);
    const char *slash = strrchr(file, '/');
    if (++self->refused == 1000)
        panic("the fiber %s has to end, but awaits at %s:%d again and again: "
              "return when an await fails with -ECANCELED",
              self->vtable.name, slash != NULL ? slash + 1 : file, line);
    return -ECANCELED;
}

intptr_t fiber_check(void)
{
    return has_to_end(fiber_self("fiber_check")) ? -ECANCELED : 0;
}

intptr_t fiber_protect(fiber_function *function, void *arg)
{
    struct fiber *self = fiber_self("fiber_protect");
    struct scope scope = { .outer = self->scope, .protects = true };

    self->scope = &scope;
    intptr_t value = function(arg);
    self->scope = scope.outer;
    return value;
}

// ---------------------------------------------------------------------------
// On the stack of who polls or drops it
// ---------------------------------------------------------------------------

// Runs it until it waits or has ended.
static void fiber_enter(struct fiber *self)
{
    struct fiber *outer = running;

    if (self->state == FIBER_RUNS)
        panic("the fiber %s is ended by itself, or by one that it waits for",
              self->vtable.name);
    if (self->state == FIBER_NEW) {
        self->thread = &running; // no other thread has its own at this address
        self->stack = stack_new(self->vtable.name, fiber_main, self);
    }
    if (self->thread != &running)
        panic("the fiber %s has changed its thread", self->vtable.name);
    self->state = FIBER_RUNS;
    running = self;
    bool ended = stack_enter(self->stack);
    running = outer;
    self->state = ended ? FIBER_ENDED : FIBER_WAITS;
    if (ended && self->sw != NULL) switch_leave(self);
}

static struct poll fiber_poll(struct future *future, struct context *cx)
{
    struct fiber *self = (struct fiber *)future;

    self->cx = cx;
    if (self->state != FIBER_ENDED) fiber_enter(self);
    if (self->state != FIBER_ENDED) return POLL_PENDING;
    return POLL_READY(self->async.value);
}

// Its task may be asleep, and is going to be polled once more. As in
// async_drop, from now on nobody may follow it to its child.
void fiber_finish(struct fiber *self)
{
    self->async.future.line = 0;
    self->dropped = true;
    fiber_enter(self);
    waker_wake(&self->waker);
}

// A forked one that has not begun has to run nevertheless: it may own its arg.
static void fiber_drop(struct future *future)
{
    struct fiber *self = (struct fiber *)future;
    bool begun = self->state != FIBER_NEW || self->sw != NULL;

    if (begun && self->state != FIBER_ENDED) fiber_finish(self);
    waker_drop(&self->waker);
}

struct future *fiber_named(const char *name, fiber_function *function,
                           void *arg)
{
    struct fiber *self = future_new(sizeof(*self), NULL);

    self->vtable = (struct future_vtable){ name, fiber_poll, fiber_drop };
    self->async.future.vtable = &self->vtable;
    self->function = function;
    self->arg = arg;
    self->scope = &self->base;
    return &self->async.future;
}
