// The test scenario of ocaml-lwt-interop: a task calls a function of the host in
// a loop, and awaits the promise that it gets. Each line that this prints is an
// arrow of the project's sequence diagram, in its words: the solid ones (->>)
// are calls and returns, the dashed ones (-->>) only leave something to be done.
//
//     lwt_main    our main           lwt_loop   the host's loop, loop.c
//     rust_test   run_test           fclo       f, a function of the host
//     runtime     local_executor.c   task       caller_poll
//
// Nothing is printed where it is not so: wakers that tell of their wake stand
// before the notification and before the task's own waker.
#include "../promises/promise.h"
#include "local_executor.h"
#include "loop.h"

#include <stdio.h>

enum { ROUNDS = 2 }; // the diagram's loop goes on for ever

// ---------------------------------------------------------------------------
// A waker that prints a line, and then wakes another one
// ---------------------------------------------------------------------------

struct telling {
    unsigned clones;
    const char *line;
    struct waker inner;
};

static void telling_clone(void *data)
{
    ((struct telling *)data)->clones++;
}

static void telling_drop(void *data)
{
    struct telling *self = data;

    if (--self->clones > 0) return;
    waker_drop(&self->inner);
    free(self);
}

static void telling_wake(void *data)
{
    struct telling *self = data;
    struct waker inner = waker_clone(&self->inner);

    puts(self->line);
    waker_wake(&inner);
    telling_drop(self);
}

static struct waker telling_new(struct waker inner, const char *line)
{
    static const struct waker_vtable vtable = { telling_clone, telling_wake,
                                                telling_drop };
    struct telling *self = malloc(sizeof(*self));

    if (self == NULL) panic("out of memory");
    *self = (struct telling){ 1, line, inner };
    return (struct waker){ &vtable, self };
}

// ---------------------------------------------------------------------------
// The host: f, which asks for the loop's next turn and promises an answer
// ---------------------------------------------------------------------------

static void next_turn(void *resolver)
{
    puts("lwt_loop -->> task: Wakeup promise");
    promise_resolve(resolver, 0);
}

static struct promise *f(void)
{
    static struct resolver resolver;
    struct promise *promise = promise_new(&resolver);

    puts("fclo -->> lwt_loop: Lwt.pause");
    loop_next_turn(next_turn, &resolver);
    puts("fclo ->> task: Rust promise (implements Future)");
    return promise;
}

// ---------------------------------------------------------------------------
// The task
// ---------------------------------------------------------------------------

struct caller {
    struct async async;
    struct promise *(*f)(void);
    struct promise *promise;
    int round;
};

static struct poll caller_run(struct future *future, struct context *cx)
{
    struct caller *self = (struct caller *)future;

    ASYNC_BEGIN(self);
    for (self->round = 0; self->round < ROUNDS; self->round++) {
        puts("task ->> fclo: Calls F Closure");
        AWAIT(self, promise_await(self->f()));
    }
    loop_stop();
    ASYNC_END(self, 0);
}

// Runs the block with a waker that tells of the wake, and tells when it returns.
static struct poll caller_poll(struct future *future, struct context *cx)
{
    struct waker telling = telling_new(
        waker_clone(cx->waker), "task -->> runtime: Add task to pending");

    puts("runtime ->> task: Run");
    struct poll poll = caller_run(future, &(struct context){ &telling });
    puts("task ->> runtime: Return");
    waker_drop(&telling);
    return poll;
}

static void run_test(struct local_executor *executor,
                     struct promise *(*function)(void))
{
    static const struct future_vtable vtable = { "caller", caller_poll,
                                                 async_drop };
    struct caller *caller = future_new(sizeof(*caller), &vtable);

    caller->f = function;
    puts("rust_test ->> runtime: Spawns async task calling F in a loop");
    local_executor_spawn(executor, &caller->async.future);
    puts("runtime ->> rust_test: Returns");
}

// ---------------------------------------------------------------------------
// The host's main
// ---------------------------------------------------------------------------

static int fd;

static void notified(void *executor)
{
    notification_clear(fd);
    puts("lwt_loop ->> runtime: Run pending tasks");
    local_executor_run_pending(executor);
    puts("runtime ->> lwt_loop: Return");
}

int main(void)
{
    struct waker notification;

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as println! does
    fd = notification_new(&notification);
    struct waker telling = telling_new(
        notification, "runtime -->> lwt_loop: Trigger Lwt_unix notification");
    struct local_executor *executor = local_executor_new(&telling);
    loop_watch(fd, notified, executor);
    puts("lwt_main ->> rust_test: Run test function and pass F");
    run_test(executor, f);
    puts("rust_test ->> lwt_main: Returns");
    loop_run(); // lwt_main sleeps
    loop_unwatch(fd);
    local_executor_drop(executor);
    return 0;
}

// Expected output, in this order, after so many seconds:
//
//     0.0  lwt_main ->> rust_test: Run test function and pass F
//     0.0  rust_test ->> runtime: Spawns async task calling F in a loop
//     0.0  runtime -->> lwt_loop: Trigger Lwt_unix notification
//     0.0  runtime ->> rust_test: Returns
//     0.0  rust_test ->> lwt_main: Returns
//     0.0  lwt_loop ->> runtime: Run pending tasks
//     0.0  runtime ->> task: Run
//     0.0  task ->> fclo: Calls F Closure
//     0.0  fclo -->> lwt_loop: Lwt.pause
//     0.0  fclo ->> task: Rust promise (implements Future)
//     0.0  task ->> runtime: Return
//     0.0  runtime ->> lwt_loop: Return
//     0.0  lwt_loop -->> task: Wakeup promise
//     0.0  task -->> runtime: Add task to pending
//     0.0  runtime -->> lwt_loop: Trigger Lwt_unix notification
//     0.0  lwt_loop ->> runtime: Run pending tasks
//     0.0  runtime ->> task: Run
//     0.0  task ->> fclo: Calls F Closure
//     0.0  fclo -->> lwt_loop: Lwt.pause
//     0.0  fclo ->> task: Rust promise (implements Future)
//     0.0  task ->> runtime: Return
//     0.0  runtime ->> lwt_loop: Return
//     0.0  lwt_loop -->> task: Wakeup promise
//     0.0  task -->> runtime: Add task to pending
//     0.0  runtime -->> lwt_loop: Trigger Lwt_unix notification
//     0.0  lwt_loop ->> runtime: Run pending tasks
//     0.0  runtime ->> task: Run
//     0.0  task ->> runtime: Return
//     0.0  runtime ->> lwt_loop: Return
