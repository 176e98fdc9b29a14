// The mistake: a local that is set before an AWAIT and used after it, but not
// initialised where it is declared, so gcc does not find it as it finds the
// one in carried_local.c. If gcc says "may be used uninitialized", who makes
// this mistake sets the local at the top. That ends the warning only: each
// poll begins at the top, so it is set again, and what it held is lost.
//
// Rust moves such a local into the state machine, where it is safe.
//
// What to do: put what lives across an AWAIT into the struct, like `kept`.
#include "trale.h"

#include <err.h>

struct count {
    struct async async;
    int kept;
};

static struct poll count_poll(struct future *future, struct context *cx)
{
    struct count *self = (struct count *)future;
    int lost; // here it is

    lost = 0;
    ASYNC_BEGIN(self);
    self->kept = lost = 42;
    AWAIT(self, timer_sleep(duration_from_secs(1)));
    if (lost != self->kept)
        errx(1,
             "the local was %d before the AWAIT and is %d after it: put it "
             "into the struct",
             self->kept, lost);
    ASYNC_END(self, lost);
}

int main(void)
{
    static const struct future_vtable vtable = { "count", count_poll,
                                                 async_drop };

    executor_block_on(future_new(sizeof(struct count), &vtable));
    return 0;
}

// Expected output:
//
//     lost_local: the local was 42 before the AWAIT and is 0 after it: put it
//         into the struct
