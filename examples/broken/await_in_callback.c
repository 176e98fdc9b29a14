// The mistake: a promise's callback awaits. Who makes it moves a program from
// callbacks to fibers, and takes the function of a bind for one that may wait.
// It runs on the stack of whoever resolves the promise, here a fiber's: that
// fiber would wait, in the middle of its promise_resolve.
//
// OCaml compiles it, and raises Effect.Unhandled: callbacks are not run by Eio.
//
// What to do: bind to the promise. Or let async_eio_run_eio start a fiber.
#include "../fibers/fiber.h"
#include "../promises/lwt.h"

#include <stdio.h>

static struct promise *greet(intptr_t value, void *env)
{
    (void)env;
    fiber_await(timer_sleep(duration_from_millis(10))); // here it is
    printf("Hello!\n");
    return lwt_return(value);
}

static intptr_t resolve(void *unused)
{
    struct resolver resolver;

    (void)unused;
    promise_drop(lwt_bind(promise_new(&resolver), greet, NULL));
    promise_resolve(&resolver, 42);
    return 0;
}

int main(void)
{
    executor_block_on(fiber(resolve, NULL));
    return 0;
}

// Expected output:
//
//     trale: in task resolve#1: fiber_await in a promise's callback, which must
//         not wait: bind to the promise, or fork a fiber
