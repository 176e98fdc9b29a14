// Lwt_mutex, Lwt_condition, Lwt_switch: who waits for whom.
//
// Between two binds nobody else runs, so what one callback does needs no mutex.
// One is needed by who waits in the middle of it; counter.c shows both.
#include "lwt.h"

#include <errno.h>

// ---------------------------------------------------------------------------
// Waiters: promises in a queue, which leave it when they are cancelled
// ---------------------------------------------------------------------------

struct lwt_waiter {
    struct promise promise;
    struct lwt_waiters *waiters;
    struct lwt_waiter *prev, *next; // NULL at the ends
};

static void waiter_remove(struct lwt_waiter *self)
{
    struct lwt_waiters *waiters = self->waiters;

    if (self->prev != NULL)
        self->prev->next = self->next;
    else
        waiters->first = self->next;
    if (self->next != NULL)
        self->next->prev = self->prev;
    else
        waiters->last = self->prev;
}

static struct promise *waiter_cancel(struct promise *promise)
{
    waiter_remove((struct lwt_waiter *)promise);
    promise_settle(promise, -ECANCELED);
    return NULL;
}

static struct promise *waiter_new(struct lwt_waiters *waiters)
{
    struct lwt_waiter *self = promise_alloc(sizeof(*self), waiter_cancel);

    self->waiters = waiters;
    self->prev = waiters->last;
    self->next = NULL;
    if (waiters->last != NULL)
        waiters->last->next = self;
    else
        waiters->first = self;
    waiters->last = self;
    return &self->promise;
}

// Wakes who has waited longest, if anybody waits. It runs after all else that is
// due: who unlocks a mutex is done with its own work before the next one begins.
static bool waiters_wake(struct lwt_waiters *waiters, intptr_t value)
{
    struct lwt_waiter *first = waiters->first;

    if (first == NULL) return false;
    waiter_remove(first);
    promise_resolve(&(struct resolver){ &first->promise }, value);
    return true;
}

// ---------------------------------------------------------------------------
// Lwt_mutex
// ---------------------------------------------------------------------------

// A lock that is free is taken at once, without any callback.
struct promise *lwt_mutex_lock(struct lwt_mutex *mutex)
{
    if (mutex->locked) return waiter_new(&mutex->waiters);
    mutex->locked = true;
    return lwt_return(0);
}

// With somebody waiting it stays locked: from now on by them.
void lwt_mutex_unlock(struct lwt_mutex *mutex)
{
    if (mutex->locked && !waiters_wake(&mutex->waiters, 0))
        mutex->locked = false;
}

static struct promise *unlock(void *mutex)
{
    lwt_mutex_unlock(mutex);
    return lwt_return(0);
}

struct critical {
    struct lwt_mutex *mutex;
    lwt_thunk *f;
    void *env;
};

// With an error it was cancelled while it waited, and never got the mutex.
static struct promise *critical_enter(intptr_t value, void *env)
{
    struct critical self = *(struct critical *)env;

    free(env);
    if (value < 0) return promise_resolved(value);
    return lwt_finalize(self.f(self.env), unlock, self.mutex);
}

struct promise *lwt_mutex_with_lock(struct lwt_mutex *mutex, lwt_thunk *f,
                                    void *env)
{
    struct critical *self = promise_malloc(sizeof(*self));

    *self = (struct critical){ mutex, f, env };
    return lwt_try_bind(lwt_mutex_lock(mutex), critical_enter, critical_enter,
                        self);
}

// ---------------------------------------------------------------------------
// Lwt_condition
// ---------------------------------------------------------------------------

// Also after a cancel: the caller expects to have the mutex, and will unlock it.
static struct promise *relock(void *mutex)
{
    return lwt_mutex_lock(mutex);
}

// Between the unlock and the wait nothing can happen: we are the only thread,
// and wait already when we unlock.
struct promise *lwt_condition_wait(struct lwt_condition *condition,
                                   struct lwt_mutex *mutex)
{
    struct promise *waiter = waiter_new(&condition->waiters);

    if (mutex == NULL) return waiter;
    lwt_mutex_unlock(mutex);
    return lwt_finalize(waiter, relock, mutex);
}

void lwt_condition_signal(struct lwt_condition *condition, intptr_t value)
{
    waiters_wake(&condition->waiters, value);
}

// Who is woken may wait again at once. That is for the next broadcast, so first
// we take those that wait now.
void lwt_condition_broadcast(struct lwt_condition *condition, intptr_t value)
{
    struct lwt_waiters now = condition->waiters;

    condition->waiters = (struct lwt_waiters){ NULL, NULL };
    for (struct lwt_waiter *w = now.first; w != NULL; w = w->next)
        w->waiters = &now;
    while (now.first != NULL) waiters_wake(&now, value);
}

// ---------------------------------------------------------------------------
// Lwt_switch: what has to be done when something is over
//
// Cancelling takes effect wherever the code happens to wait. A switch asks the
// code to stop where it has agreed to.
// ---------------------------------------------------------------------------

struct lwt_hook {
    struct lwt_hook *next;
    lwt_thunk *hook;
    void *env;
};

int lwt_switch_add_hook(struct lwt_switch *sw, lwt_thunk *hook, void *env)
{
    if (sw == NULL) return 0;
    if (sw->off) return -ESHUTDOWN;
    struct lwt_hook *self = promise_malloc(sizeof(*self));
    *self = (struct lwt_hook){ sw->hooks, hook, env };
    sw->hooks = self;
    return 0;
}

struct promise *lwt_switch_turn_off(struct lwt_switch *sw)
{
    size_t n = 0;

    sw->off = true;
    for (struct lwt_hook *hook = sw->hooks; hook != NULL; hook = hook->next)
        n++;
    struct promise **promises = promise_malloc((n + 1) * sizeof(*promises));
    for (n = 0; sw->hooks != NULL; n++) {
        struct lwt_hook *hook = sw->hooks;
        sw->hooks = hook->next;
        promises[n] = hook->hook(hook->env);
        free(hook);
    }
    struct promise *joined = lwt_join(promises, n);
    free(promises);
    return joined;
}
