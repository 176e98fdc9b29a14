// Cancelling. It goes backwards: from a promise to what it waits for, down to
// those that were made to be cancelled. What they then are, Fail(ECANCELED),
// comes forward as any other failure does.
#include "show.h"

static struct promise *f(intptr_t value, void *env)
{
    (void)env;
    printf("never called\n");
    return lwt_return(value);
}

static void print_all(const char *title, struct promise *promises[], size_t n)
{
    printf("%s:", title);
    for (size_t i = 0; i < n; i++) {
        print_state(promises[i]);
        promise_drop(promises[i]);
    }
    printf("\n");
}

int main(void)
{
    struct resolver resolver, other;

    // To cancel is to fail early. Who wakes it afterwards cannot know that, so
    // then nothing happens.
    struct promise *p = lwt_task(&resolver);
    lwt_cancel(p);
    lwt_wakeup(&resolver, 1);
    print("task, woken after it", p);

    // Who made this one did not expect to be cancelled.
    p = lwt_wait(&resolver);
    lwt_cancel(p);
    print("wait", promise_clone(p));
    lwt_wakeup(&resolver, 1);
    print("wait, woken after it", p);

    // A bind has nothing of its own to cancel: it asks its source.
    p = lwt_task(&resolver);
    struct promise *q = lwt_bind(promise_clone(p), f, NULL);
    lwt_cancel(q);
    print_all("the source, the bind", PROMISES(p, q));
    resolver_drop(&resolver);

    // Others may need the source.
    p = lwt_task(&resolver);
    q = lwt_protected(promise_clone(p));
    lwt_cancel(q);
    print_all("the source, protected", PROMISES(p, q));
    resolver_drop(&resolver);

    p = lwt_task(&resolver);
    q = lwt_no_cancel(promise_clone(p));
    lwt_cancel(q);
    print_all("the source, no_cancel", PROMISES(p, q));
    resolver_drop(&resolver);

    // join asks each of its sources, and still waits for those that go on.
    p = lwt_task(&resolver);
    q = lwt_wait(&other);
    struct promise *both =
        lwt_join(PROMISES(promise_clone(p), promise_clone(q)));
    lwt_cancel(both);
    print_all("task, wait, their join", PROMISES(p, q, promise_clone(both)));
    lwt_wakeup(&other, 1);
    print("the join in the end", both);
    resolver_drop(&resolver);
    return 0;
}

// Expected output, in this order, after so many seconds:
//
//     0  task, woken after it: Fail(ECANCELED)
//     0  wait: Sleep
//     0  wait, woken after it: Return 1
//     0  the source, the bind: Fail(ECANCELED) Fail(ECANCELED)
//     0  the source, protected: Sleep Fail(ECANCELED)
//     0  the source, no_cancel: Sleep Sleep
//     0  task, wait, their join: Fail(ECANCELED) Sleep Sleep
//     0  the join in the end: Fail(ECANCELED)
