// The host is libuv, the loop of Node.js. Its own way to be told something by
// another thread is a uv_async_t, and many sends are one callback: that is a
// notification already.
#define _GNU_SOURCE // for the types that uv.h uses
#include "guest.h"

#include <uv.h>

static void nothing(void *unused)
{
    (void)unused;
}

static void send_async(void *async)
{
    uv_async_send(async);
}

static void notified(uv_async_t *async)
{
    local_executor_run_pending(async->data);
    if (guest_done()) uv_stop(async->loop);
}

static void beat(uv_timer_t *timer)
{
    (void)timer;
    guest_beat();
}

int main(void)
{
    static const struct waker_vtable vtable = { nothing, send_async, nothing };
    static uv_async_t async; // a late wake may come after the executor's end
    uv_timer_t timer;
    uv_async_init(uv_default_loop(), &async, notified);
    async.data = local_executor_new(&(struct waker){ &vtable, &async });
    uv_timer_init(uv_default_loop(), &timer);
    uv_timer_start(&timer, beat, 10, 10);
    guest_start(async.data);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    local_executor_drop(async.data);
    return guest_report("uv");
}
