// The mistake: a fiber does not look at what its awaits return. It is dropped
// here because time is up, and has to end. Each await tells it so, with
// -ECANCELED, and returns at once; so the loop goes round and round.
//
// OCaml has exceptions: Cancelled leaves the loop by itself, unless somebody
// catches it, and then the program hangs.
//
// What to do: return when an await fails.
#include "../fibers/fiber.h"
#include "../futures/timeout.h"

#include <stdio.h>

static intptr_t ticker(void *unused)
{
    (void)unused;
    for (int i = 1; i <= 10000; i++) {
        fiber_await(timer_sleep(duration_from_millis(10))); // here it is
        if (i == 1) printf("tick\n"), fflush(stdout);
    }
    return 0;
}

int main(void)
{
    executor_block_on(timeout(duration_from_millis(15), fiber(ticker, NULL)));
    return 0;
}

// Expected output:
//
//     tick
//     trale: in task timeout#1: the fiber ticker has to end, but awaits at
//         deaf_fiber.c:18 again and again: return when an await fails with
//         -ECANCELED
