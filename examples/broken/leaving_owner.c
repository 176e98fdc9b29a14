// The mistake: a function returns while a fiber that it has forked still uses its
// locals. Or so it looks. It cannot happen: switch_run does not return before all
// fibers of the switch have ended. So here is what happens instead.
//
// With threads, or with a spawn that knows no switch, the fiber would read the
// stack of a function that is gone. Rust's spawn refuses to borrow a local.
//
// What to do: nothing. But a switch whose fibers do not end by themselves waits
// for ever: end them with switch_fail, switch_cancel or fiber_first.
#include "../fibers/switch.h"

#include <stdio.h>

static intptr_t reader(void *number)
{
    fiber_await(timer_sleep(duration_from_millis(10)));
    printf("the child reads %d\n", *(int *)number);
    return 0;
}

static intptr_t lend(struct eio_switch *sw, void *number)
{
    fiber_fork(sw, reader, number);
    printf("the function returns\n");
    return 0;
}

static intptr_t owner(void *unused)
{
    int number = 42;

    (void)unused;
    switch_run(lend, &number); // here it is
    printf("the switch returns\n");
    return 0;
}

int main(void)
{
    return executor_block_on(fiber(owner, NULL)) < 0;
}

// Expected output:
//
//     the function returns
//     the child reads 42
//     the switch returns
