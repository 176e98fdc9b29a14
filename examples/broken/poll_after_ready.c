// The mistake: a future is polled once more after it was ready. Who makes it
// polls once to ask whether the output is there, and once more to get it.
//
// Rust lets each future decide what to do then: most panic, an async block
// says "`async fn` resumed after completion". AWAIT never does this.
//
// What to do: keep what the poll that was ready has returned, drop the future,
// and set the pointer to NULL. The function await does all of that.
#include "trale.h"

struct nap {
    struct future future;
    struct future *sleep;
};

static struct poll nap_poll(struct future *future, struct context *cx)
{
    struct nap *self = (struct nap *)future;

    if (!future_poll(self->sleep, cx).ready) return POLL_PENDING;
    return future_poll(self->sleep, cx); // here it is
}

static void nap_drop(struct future *future)
{
    future_drop(((struct nap *)future)->sleep);
}

int main(void)
{
    static const struct future_vtable vtable = { "nap", nap_poll, nap_drop };
    struct nap *nap = future_new(sizeof(*nap), &vtable);

    nap->sleep = timer_sleep(duration_from_millis(10));
    executor_block_on(&nap->future);
    return 0;
}

// Expected output:
//
//     trale: in task nap#1: timer was polled after it was ready: drop it
//         instead
