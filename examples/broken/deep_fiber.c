// The mistake: the calls of a fiber are nested too deep. Who makes it knows
// main's stack, which has some megabytes. The stack of a fiber has 256 KiB, since
// there may be ten thousand of them.
//
// OCaml 5 lets the stack of a fiber grow, up to a limit of 1 GiB.
//
// What to do: keep what is large on the heap, and loop rather than recurse.
#include "../fibers/fiber.h"

#include <stdio.h>

struct node {
    struct node *next;
    volatile char name[100];
};

// The length of a list, each node a copy on the stack of a function of its own.
static int count(const struct node *node)
{
    struct node copy = *node;

    copy.name[0] = 'x';
    return copy.next == NULL ? 1 : count(copy.next) + (copy.name[0] == 'x');
}

static intptr_t count_all(void *unused)
{
    struct node node = { .next = &node }; // here it is: the list is a circle

    (void)unused;
    fiber_await(timer_sleep(duration_from_millis(10)));
    return count(&node);
}

int main(void)
{
    printf("%ld\n", (long)executor_block_on(fiber(count_all, NULL)));
    return 0;
}

// Expected output:
//
//     trale: in task count_all#1 at deep_fiber.c:31: the fiber count_all has used
//         up its stack of 256 KiB: its calls are nested too deep, or its locals
//         are too large
