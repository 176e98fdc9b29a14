// The mistake: an AWAIT inside a switch of one's own. ASYNC_BEGIN is a switch
// too, and AWAIT one of its cases: in here it is a case of the inner switch,
// so when the task is polled again the outer one does not find it.
//
// Rust has no such limit: its states are made by rustc, not by a switch.
//
// What to do: if and else; or choose the future in the switch, and AWAIT it
// after the switch. Loops and ifs around an AWAIT are fine.
#include "trale.h"

struct greet {
    struct async async;
    int mood;
};

static struct poll greet_poll(struct future *future, struct context *cx)
{
    struct greet *self = (struct greet *)future;

    ASYNC_BEGIN(self);
    switch (self->mood) {
    case 0:
        AWAIT(self, timer_sleep(duration_from_secs(1))); // here it is
        break;
    default:
        break;
    }
    ASYNC_END(self, 0);
}

int main(void)
{
    static const struct future_vtable vtable = { "greet", greet_poll,
                                                 async_drop };

    executor_block_on(future_new(sizeof(struct greet), &vtable));
    return 0;
}

// Expected output:
//
//     trale: in task greet#1 at await_in_switch.c:23 > timer: an AWAIT inside a
//         switch cannot be resumed: use if and else
