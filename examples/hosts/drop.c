// A host ends while tasks are left. Each is dropped once, on the host's thread,
// and what they waited for is given back. A waker that outlives its task does
// nothing.
#include "../promises/promise.h"
#include "local_executor.h"

#include <stdio.h>

struct named {
    struct async async;
    const char *name;
    struct future *awaited; // until the first poll
};

static struct poll named_poll(struct future *future, struct context *cx)
{
    struct named *self = (struct named *)future;
    struct future *awaited = self->awaited;

    self->awaited = NULL;
    ASYNC_BEGIN(self);
    AWAIT(self, awaited);
    ASYNC_END(self, 0);
}

static void named_drop(struct future *future)
{
    struct named *self = (struct named *)future;

    async_drop(future);
    future_drop(self->awaited);
    printf("dropped: %s\n", self->name);
}

static void spawn_named(struct local_executor *executor, const char *name,
                        struct future *awaited)
{
    static const struct future_vtable vtable = { "named", named_poll,
                                                 named_drop };
    struct named *self = future_new(sizeof(*self), &vtable);

    self->name = name;
    self->awaited = awaited;
    local_executor_spawn(executor, &self->async.future);
}

// Waits for nothing. Its waker goes to whoever wants it.
static struct waker late;

static struct poll lend_waker(struct future *future, struct context *cx)
{
    (void)future;
    waker_drop(&late);
    late = waker_clone(cx->waker);
    return POLL_PENDING;
}

int main(void)
{
    static const struct future_vtable lend = { "lend_waker", lend_waker, NULL };
    struct waker notification;
    struct resolver resolver;
    int fd = notification_new(&notification);
    struct local_executor *executor = local_executor_new(&notification);

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as println! does
    spawn_named(executor, "sleeps", timer_sleep(duration_from_secs(3600)));
    spawn_named(executor, "waits", promise_await(promise_new(&resolver)));
    spawn_named(executor, "lends", future_new(sizeof(struct future), &lend));
    notification_clear(fd);
    printf("%zu tasks are left\n", local_executor_run_pending(executor));
    promise_resolve(&resolver, 0); // so this one could run now
    local_executor_dump(executor, stdout);
    local_executor_drop(executor);
    waker_wake(&late);
    printf("woken late: nothing happens\n");
    return 0;
}

// Expected output, in this order, after so many seconds:
//
//     0.0  3 tasks are left
//     0.0  local executor: of 3 tasks so far, these are left:
//     0.0  run  named#2 at drop.c:<line> > promise
//     0.0  wait named#1 at drop.c:<line> > timer
//     0.0  wait named#3 at drop.c:<line> > lend_waker
//     0.0  dropped: waits
//     0.0  dropped: sleeps
//     0.0  dropped: lends
//     0.0  woken late: nothing happens
