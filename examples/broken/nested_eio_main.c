// The mistake: an event loop inside an event loop. A fiber calls a function that
// was written as a program of its own, with its own eio_main_run. That waits for
// a task, on the thread that polls all tasks.
//
// OCaml compiles it. The inner loop then keeps all fibers of the outer one
// waiting.
//
// What to do: pass the env on, and call what eio_main_run would call.
#include "../fibers/net.h"

#include <stdio.h>

static intptr_t greet(struct eio_env *env, void *arg)
{
    (void)env, (void)arg;
    printf("Hello!\n");
    return 0;
}

static intptr_t program(struct eio_env *env, void *arg)
{
    (void)env;
    return eio_main_run(greet, arg); // here it is
}

int main(void)
{
    return eio_main_run(program, NULL) < 0;
}

// Expected output:
//
//     trale: in task main#1: join and block_on would block the thread that polls
//         all tasks: AWAIT the joiner instead
