// The mistake: a callback calls lwt_main_run. Who makes it needs the value of a
// promise in the middle of a function, and knows lwt_main_run as what waits.
//
// OCaml compiles it, and Lwt_main.run raises a Failure that says the same.
//
// What to do: what needs the value becomes a function of its own, for lwt_bind.
#include "../promises/lwt.h"

#include <stdio.h>

static struct promise *nap(void *env)
{
    (void)env;
    return lwt_unix_sleep(.01);
}

static struct promise *greet(void *env)
{
    lwt_main_run(nap, env); // here it is
    printf("Hello!\n");
    return lwt_return(0);
}

int main(void)
{
    lwt_main_run(greet, NULL);
    return 0;
}

// Expected output:
//
//     trale: in task main#1: join and block_on would block the thread that
//         polls all tasks: AWAIT the joiner instead
