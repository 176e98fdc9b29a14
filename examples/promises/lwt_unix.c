// Lwt_main and Lwt_unix: where promises meet the executor.
//
// Nothing else in this folder knows of time, tasks or threads. Lwt is built the
// same way: its core does no I/O, and Lwt_main.run is a loop that settles the
// promises of Lwt_unix. Here that loop is trale's, and all callbacks run on the
// executor thread.
#include "../futures/spawn.h"
#include "lwt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct main_run {
    struct async async;
    lwt_thunk *main;
    void *env;
};

static struct poll main_run_poll(struct future *future, struct context *cx)
{
    struct main_run *self = (struct main_run *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, promise_await(self->main(self->env)));
    ASYNC_END(self, self->async.value);
}

intptr_t lwt_main_run(lwt_thunk *main, void *env)
{
    static const struct future_vtable vtable = { "main", main_run_poll,
                                                 async_drop };
    struct main_run *self = future_new(sizeof(*self), &vtable);

    self->main = main;
    self->env = env;
    return executor_block_on(&self->async.future);
}

// A new task goes to the tail of the run-queue.
struct promise *lwt_pause(void)
{
    struct resolver resolver;
    struct promise *promise = lwt_task(&resolver);

    spawn(promise_resolving(&resolver, 0));
    return promise;
}

struct promise *lwt_unix_sleep(double seconds)
{
    double nanos = seconds * (double)NANOS_PER_SEC;
    struct duration duration = { INT64_MAX };

    if (nanos < (double)INT64_MAX)
        duration.nanos = nanos > 0 ? (int64_t)nanos : 0;
    return promise_spawn(timer_sleep(duration));
}

static struct promise *time_out(intptr_t value, void *env)
{
    (void)value, (void)env;
    return lwt_fail(-ETIMEDOUT);
}

struct promise *lwt_unix_with_timeout(double seconds, lwt_thunk *f, void *env)
{
    struct promise *limit = lwt_bind(lwt_unix_sleep(seconds), time_out, NULL);

    return lwt_pick(PROMISES(limit, f(env)));
}

static void print_and_exit(int error)
{
    fprintf(stderr, "Fatal error: %s\n", strerror(-error));
    exit(2);
}

void (*lwt_async_exception_hook)(int error) = print_and_exit;

static struct promise *call_hook(intptr_t error, void *env)
{
    (void)env;
    lwt_async_exception_hook((int)error);
    return lwt_return(0);
}

void lwt_async(lwt_thunk *f, void *env)
{
    promise_drop(lwt_catch(f(env), call_hook, NULL));
}
