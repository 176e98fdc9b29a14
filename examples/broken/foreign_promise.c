// The mistake: a promise is touched on another thread than its own. Who makes it
// has a thread that does some work, and lets it resolve the promise in the end.
// Promises have no lock, and callbacks would run on that thread.
//
// OCaml compiles it, and then anything can happen: Lwt is not thread-safe.
//
// What to do: spawn promise_resolving where the promise belongs.
#include "../promises/lwt.h"

#include <pthread.h>

static void *work(void *data)
{
    struct resolver *resolver = data;

    lwt_wakeup(resolver, 42); // here it is
    return NULL;
}

int main(void)
{
    struct resolver resolver;
    struct promise *promise = lwt_wait(&resolver);
    pthread_t thread;

    pthread_create(&thread, NULL, work, &resolver);
    pthread_join(thread, NULL);
    promise_drop(promise);
    return 0;
}

// Expected output:
//
//     trale: a promise was touched on a foreign thread: spawn promise_resolving
//         where it belongs
