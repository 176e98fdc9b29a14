// The example of trale's README once more, as a state machine written by hand:
// what ASYNC_BEGIN, AWAIT and ASYNC_END stand for in readme.c, and what rustc
// makes of an async block.
//
// There is one state for each place where the block can be suspended, one for
// the start and one for the end. The struct keeps the state, the future being
// awaited and the locals, for the C stack does not survive a suspension.
#include "trale.h"

#include <stdio.h>
#include <stdlib.h>

enum hello_state { HELLO_START, HELLO_SLEEPING, HELLO_DONE };

struct hello {
    struct future future;
    enum hello_state state;
    struct future *sleep; // owned; not NULL while HELLO_SLEEPING
    int id;
};

static struct poll hello_poll(struct future *future, struct context *cx)
{
    struct hello *self = (struct hello *)future;

    switch (self->state) {
    case HELLO_START:
        self->sleep = timer_sleep(duration_from_secs(2));
        self->state = HELLO_SLEEPING;
        __attribute__((fallthrough)); // a future is lazy: poll it, or it won't
    case HELLO_SLEEPING:
        if (!await(&self->sleep, cx).ready) return POLL_PENDING;
        printf("Hello task %d!\n", self->id);
        self->state = HELLO_DONE;
        return POLL_READY(self->id);
    case HELLO_DONE:
        break;
    }
    abort(); // future_poll does not poll us again
}

// Dropped while asleep, the machine drops the sleep, and that the timer.
static void hello_drop(struct future *future)
{
    future_drop(((struct hello *)future)->sleep);
}

static struct future *hello(int id)
{
    static const struct future_vtable vtable = { "hello", hello_poll,
                                                 hello_drop };
    struct hello *self = future_new(sizeof(*self), &vtable);

    self->id = id;
    return &self->future;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as println! does

    struct task_joiner task1 = executor_spawn(hello(1));
    struct task_joiner task2 = executor_spawn(hello(2));

    printf("Joined task 1: %d\n", (int)task_joiner_join(&task1));
    printf("Joined task 2: %d\n", (int)task_joiner_join(&task2));
    return 0;
}

// Expected output, after so many seconds. Lines of the same time may come in
// another order: the tasks do not wait for each other, nor for main.
//
//     2.0  Hello task 1!
//     2.0  Hello task 2!
//     2.0  Joined task 1: 1
//     2.0  Joined task 2: 2
