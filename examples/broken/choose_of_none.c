// The mistake: the first of no promises. Who makes it has a list that is empty
// for once, and would sleep for ever.
//
// OCaml compiles it, and Lwt.choose raises Invalid_argument.
//
// What to do: decide what the outcome is when there is nothing to choose from.
#include "../promises/lwt.h"

int main(void)
{
    promise_drop(lwt_choose(NULL, 0)); // here it is
    return 0;
}

// Expected output:
//
//     trale: the first of no promises would sleep for ever
