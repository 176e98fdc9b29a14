// Both worlds run on one executor, so there is little to do here: a promise is
// awaited by a fiber, and a fiber resolves a promise. What remains is that no
// fiber may be lost. A callback has no switch that would wait for what it forks,
// so the event loop has one.
#include "async_eio.h"
#include "../fibers/switch.h"
#include "callbacks.h"

#include <errno.h>

// The event loop of this thread, or NULL.
static _Thread_local struct eio_switch *event_loop;

struct call {
    fiber_function *f;
    void *arg;
    struct resolver resolver;
};

static intptr_t run_loop(struct eio_switch *sw, void *data)
{
    struct call *self = data;

    event_loop = sw;
    intptr_t value = self->f(self->arg);
    event_loop = NULL;
    switch_cancel(sw); // those that callbacks have left behind
    return value;
}

intptr_t async_eio_with_event_loop(fiber_function *f, void *arg)
{
    struct call self = { .f = f, .arg = arg };

    if (event_loop != NULL) return -EBUSY;
    return switch_run(run_loop, &self);
}

// A failure belongs to whoever has the promise, and not to the switch.
static intptr_t run_fiber(void *data)
{
    struct call self = *(struct call *)data;

    free(data);
    promise_resolve(&self.resolver, self.f(self.arg));
    return 0;
}

struct promise *async_eio_run_eio(fiber_function *f, void *arg)
{
    if (event_loop == NULL) return promise_resolved(-ENOTCONN);
    struct call *self = promise_malloc(sizeof(*self));
    *self = (struct call){ .f = f, .arg = arg };
    struct promise *promise = promise_new(&self->resolver);
    fiber_fork_named(event_loop, "run_eio", run_fiber, self);
    return promise;
}

intptr_t await_promise(struct promise *promise)
{
    return fiber_await(promise_await(promise));
}

// The same for a promise that nobody else has. If the fiber has to end, it is
// cancelled: what it works on may be among the fiber's locals.
static intptr_t await_own(struct promise *promise)
{
    intptr_t value = await_promise(promise_clone(promise));

    if (value == -ECANCELED) promise_cancel(promise);
    promise_drop(promise);
    return value;
}

intptr_t async_eio_run_async(lwt_thunk *f, void *arg)
{
    if (event_loop == NULL) return -ENOTCONN;
    return await_own(f(arg));
}

// ---------------------------------------------------------------------------
// A flow over a reader and a writer
// ---------------------------------------------------------------------------

static intptr_t flow_of_reader(struct flow *flow, void *buf, size_t len)
{
    struct async_flow *self = (struct async_flow *)flow;

    return await_own(reader_read(self->reader, buf, len));
}

static intptr_t flow_of_writer(struct flow *flow, const void *buf, size_t len)
{
    struct async_flow *self = (struct async_flow *)flow;

    return await_own(writer_write(self->writer, buf, len));
}

struct flow *async_eio_flow(struct async_flow *flow, int reader, int writer)
{
    static const struct flow_vtable vtable = { .read = flow_of_reader,
                                               .write = flow_of_writer };

    *flow = (struct async_flow){ { &vtable }, reader, writer };
    return &flow->flow;
}
