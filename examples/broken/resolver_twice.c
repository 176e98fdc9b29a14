// The mistake: a promise is resolved twice. Who makes it has two ways to the
// end, say an answer and a timeout, and each of them resolves.
//
// OCaml compiles it, and the second wakeup raises Invalid_argument.
//
// What to do: a promise for each way, and lwt_pick.
#include "../promises/lwt.h"

int main(void)
{
    struct resolver resolver;
    struct promise *promise = lwt_wait(&resolver);

    lwt_wakeup(&resolver, 1);
    lwt_wakeup(&resolver, 2); // here it is
    promise_drop(promise);
    return 0;
}

// Expected output:
//
//     trale: a resolver was used twice: a promise is resolved only once
