// One promise after another: return, bind, wait and wakeup, catch, finalize.
// No task and no loop is needed for any of this.
#include "show.h"

// What follows a promise: it gets the value, and returns a promise again.
static struct promise *f(intptr_t value, void *env)
{
    (void)env;
    printf("in f\n");
    return lwt_return(value);
}

static struct promise *add(intptr_t value, void *more)
{
    return lwt_return(value + (intptr_t)more);
}

static struct promise *too_big(intptr_t value, void *env)
{
    (void)value, (void)env;
    return lwt_fail(-E2BIG);
}

static struct promise *recover(intptr_t error, void *env)
{
    (void)env;
    printf("caught %s\n", error_name(error));
    return lwt_return(0);
}

static struct promise *cleanup(void *env)
{
    (void)env;
    printf("cleanup\n");
    return lwt_return(0);
}

static struct promise *busy(void *env)
{
    (void)env;
    return lwt_fail(-EBUSY);
}

int main(void)
{
    struct resolver resolver;

    // A promise that is resolved: bind calls f before it returns.
    print("after bind", lwt_bind(lwt_return(1), f, NULL));

    // One that sleeps: f is called when it is woken.
    struct promise *p = lwt_bind(lwt_wait(&resolver), f, NULL);
    print("before wakeup", promise_clone(p));
    lwt_wakeup(&resolver, 2);
    print("after wakeup", p);

    // A failure skips all that follows, up to a catch: as with Ok and Error.
    print("failure", lwt_bind(lwt_fail(-E2BIG), f, NULL));
    p = lwt_bind(lwt_return(1), add, (void *)2);
    print("ok ok", p);
    p = lwt_bind(lwt_bind(lwt_return(1), too_big, NULL), f, NULL);
    print("error first", p);
    print("after catch", lwt_catch(lwt_fail(-E2BIG), recover, NULL));

    // finalize runs its cleanup in any case.
    print("finalize success", lwt_finalize(lwt_return(1), cleanup, NULL));
    print("finalize failure", lwt_finalize(lwt_fail(-E2BIG), cleanup, NULL));
    p = lwt_finalize(lwt_task(&resolver), cleanup, NULL);
    lwt_cancel(p);
    print("finalize cancelled", p);
    resolver_drop(&resolver);
    print("finalize both fail", lwt_finalize(lwt_fail(-E2BIG), busy, NULL));
    return 0;
}

// Expected output, in this order, after so many seconds:
//
//     0  in f
//     0  after bind: Return 1
//     0  before wakeup: Sleep
//     0  in f
//     0  after wakeup: Return 2
//     0  failure: Fail(E2BIG)
//     0  ok ok: Return 3
//     0  error first: Fail(E2BIG)
//     0  caught E2BIG
//     0  after catch: Return 0
//     0  cleanup
//     0  finalize success: Return 1
//     0  cleanup
//     0  finalize failure: Fail(E2BIG)
//     0  cleanup
//     0  finalize cancelled: Fail(ECANCELED)
//     0  finalize both fail: Fail(EBUSY)
