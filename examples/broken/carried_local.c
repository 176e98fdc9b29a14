// The mistake: a local that is initialised before an AWAIT and used after it.
// It is on the C stack, which is gone when the task is polled again; then the
// poll function jumps over the line that sets it. Who makes it is used to
// Rust, where rustc moves such locals into the state machine.
//
// What to do: put what lives across an AWAIT into the struct.
//
// There is nothing to run: the compilers find it, with the Makefile's flags.
// clang has a flag of its own for it, and without that says nothing.
#include "trale.h"

#include <stdio.h>

struct hello {
    struct async async;
};

static struct poll hello_poll(struct future *future, struct context *cx)
{
    struct hello *self = (struct hello *)future;

    ASYNC_BEGIN(self);
    int id = 1; // here it is
    AWAIT(self, timer_sleep(duration_from_secs(1)));
    printf("Hello task %d!\n", id);
    ASYNC_END(self, 0);
}

int main(void)
{
    static const struct future_vtable vtable = { "hello", hello_poll,
                                                 async_drop };

    executor_block_on(future_new(sizeof(struct hello), &vtable));
    return 0;
}

// Expected output, of gcc and of clang:
//
//     error: switch jumps over variable initialization
//         [-Werror=jump-misses-init]
//     error: variable 'id' may be uninitialized when used here
//         [-Werror,-Wconditional-uninitialized]
