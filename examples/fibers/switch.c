// Structured concurrency: a fiber that is forked has a place where it must end.
//
// A forked fiber is a task of its own. It is in its switch's list until it ends.
// The switch is on the stack of its owner, which does not return before the list
// is empty. So no fiber outlives what it was lent, and no failure is lost.
//
// To cancel means: mark the scope, and wake whoever may wait inside it. Each
// fiber looks at its scopes when it wakes up, and ends by itself. Only when the
// owner is dropped there is no time for that: then it runs its children to their
// ends, here and now.
#include "switch.h"
#include "../futures/spawn.h"
#include "../promises/promise.h"

#include <errno.h>

// ---------------------------------------------------------------------------
// Cancelling
// ---------------------------------------------------------------------------

// Wakes the fiber, and all that were forked in the switches that it is in now.
// That may be too many. They look at their scopes, and wait on.
static void wake_all(struct fiber *fiber)
{
    waker_wake(&fiber->waker);
    for (struct scope *s = fiber->scope; s != fiber->base.outer; s = s->outer)
        for (struct fiber *f = s->first; f != NULL; f = f->next) wake_all(f);
}

void switch_cancel(struct eio_switch *sw)
{
    if (sw->scope.cancelled) return;
    sw->scope.cancelled = true;
    wake_all(sw->owner);
}

void switch_fail(struct eio_switch *sw, intptr_t error)
{
    if (sw->error == 0) sw->error = error;
    switch_cancel(sw);
}

// ---------------------------------------------------------------------------
// Fork
// ---------------------------------------------------------------------------

void fiber_fork_named(struct eio_switch *sw, const char *name,
                      fiber_function *function, void *arg)
{
    struct future *future = fiber_named(name, function, arg);
    struct fiber *fiber = (struct fiber *)future;
    struct scope *scope = &sw->scope;

    fiber->sw = sw;
    fiber->base.outer = scope;
    fiber->prev = scope->last;
    *(scope->last != NULL ? &scope->last->next : &scope->first) = fiber;
    scope->last = fiber;
    spawn(future);
}

// Whatever it has cancelled or woken runs later. But if the owner is dropped, it
// runs already, and looks at the list when we return.
void switch_leave(struct fiber *child)
{
    struct eio_switch *sw = child->sw;
    struct fiber *prev = child->prev, *next = child->next;

    *(prev != NULL ? &prev->next : &sw->scope.first) = next;
    *(next != NULL ? &next->prev : &sw->scope.last) = prev;
    if (child->async.value < 0) switch_fail(sw, child->async.value);
    if (sw->scope.first == NULL) waker_wake(&sw->owner->waker);
}

// ---------------------------------------------------------------------------
// Run
// ---------------------------------------------------------------------------

struct release {
    struct release *next;
    void (*f)(void *arg);
    void *arg;
};

void switch_on_release(struct eio_switch *sw, void (*f)(void *arg), void *arg)
{
    struct release *release = promise_malloc(sizeof(*release));

    *release = (struct release){ sw->releases, f, arg };
    sw->releases = release;
}

static intptr_t run_release(void *data)
{
    struct release *release = data;

    release->f(release->arg);
    free(release);
    return 0;
}

// What the owner awaits in the end: that no child is left. It registers nothing,
// for switch_leave wakes the owner.
struct children {
    struct future future;
    const struct eio_switch *sw;
};

static struct poll children_poll(struct future *future, struct context *cx)
{
    (void)cx;
    if (((struct children *)future)->sw->scope.first != NULL)
        return POLL_PENDING;
    return POLL_READY(0);
}

static void join(struct eio_switch *sw, const char *file, int line)
{
    static const struct future_vtable vtable = { "children", children_poll,
                                                 NULL };
    struct children children = { { .vtable = &vtable, .in_place = true }, sw };

    if (sw->scope.first != NULL && !sw->owner->dropped)
        fiber_wait(sw->owner, &children.future, file, line, false);
    while (sw->scope.first != NULL) fiber_finish(sw->scope.first); // dropped
}

// A release function may even fork. So this ends when nothing is left at all.
intptr_t switch_run_at(switch_function *function, void *arg, const char *file,
                       int line)
{
    struct fiber *self = fiber_self("switch_run");
    struct eio_switch sw = { .scope.outer = self->scope, .owner = self };

    self->scope = &sw.scope;
    intptr_t value = function(&sw, arg);
    if (value < 0) switch_fail(&sw, value);
    while (sw.scope.first != NULL || sw.releases != NULL) {
        join(&sw, file, line);
        struct release *release = sw.releases;
        if (release == NULL) continue;
        sw.releases = release->next;
        fiber_protect(run_release, release);
    }
    self->scope = sw.scope.outer;
    return sw.error < 0 ? sw.error : value;
}

// ---------------------------------------------------------------------------
// Two at a time
// ---------------------------------------------------------------------------

struct pair {
    fiber_function *functions[2];
    void *args[2];
    struct eio_switch *sw;
    bool over; // first: one of them has ended, with this value
    intptr_t value;
};

static intptr_t both(struct eio_switch *sw, void *data)
{
    struct pair *pair = data;

    fiber_fork_named(sw, "both", pair->functions[1], pair->args[1]);
    intptr_t value = pair->functions[0](pair->args[0]);
    return value < 0 ? value : 0;
}

intptr_t fiber_both(fiber_function *f, void *f_arg, fiber_function *g,
                    void *g_arg)
{
    struct pair pair = { .functions = { f, g }, .args = { f_arg, g_arg } };

    return switch_run(both, &pair);
}

// One of the two. The value of the other does not matter.
static void race(struct pair *pair, int which)
{
    intptr_t value = pair->functions[which](pair->args[which]);

    if (!pair->over) pair->value = value;
    pair->over = true;
    switch_cancel(pair->sw);
}

static intptr_t second(void *pair)
{
    race(pair, 1);
    return 0;
}

static intptr_t first(struct eio_switch *sw, void *data)
{
    struct pair *pair = data;

    pair->sw = sw;
    fiber_fork_named(sw, "first", second, pair);
    race(pair, 0);
    return 0;
}

intptr_t fiber_first(fiber_function *f, void *f_arg, fiber_function *g,
                     void *g_arg)
{
    struct pair pair = { .functions = { f, g }, .args = { f_arg, g_arg } };

    switch_run(first, &pair);
    return pair.value;
}
