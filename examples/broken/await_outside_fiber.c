// The mistake: fiber_await in a task that is no fiber. Who makes it has written
// fibers so far, and an async block now. fiber_await leaves a stack, but the poll
// of an async block has none of its own: it runs on the executor's.
//
// OCaml compiles it, and Eio raises Effect.Unhandled, as there is no handler.
//
// What to do: AWAIT in an async block. Or make it a fiber.
#include "../fibers/fiber.h"

#include <stdio.h>

struct hello {
    struct async async;
};

static struct poll hello_poll(struct future *future, struct context *cx)
{
    struct hello *self = (struct hello *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, timer_sleep(duration_from_millis(10)));
    fiber_await(timer_sleep(duration_from_millis(10))); // here it is
    printf("Hello!\n");
    ASYNC_END(self, 0);
}

int main(void)
{
    static const struct future_vtable vtable = { "hello", hello_poll,
                                                 async_drop };

    executor_block_on(future_new(sizeof(struct hello), &vtable));
    return 0;
}

// Expected output:
//
//     trale: in task hello#1 at await_outside_fiber.c:21: fiber_await outside of
//         a fiber: call it on one, or AWAIT in a task
