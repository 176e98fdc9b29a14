// trale's examples/timer.rs: two tasks greet three times each. Their sleeps
// overlap, so the program takes four seconds, not eight.
#include "trale.h"

#include <stdio.h>

struct greet {
    struct async async;
    const char *names; // one letter for each greeting
};

static struct poll greet_poll(struct future *future, struct context *cx)
{
    struct greet *self = (struct greet *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, timer_sleep(duration_from_secs(2)));
    printf("Hello %c!\n", self->names[0]);
    AWAIT(self, timer_sleep(duration_from_secs(1)));
    printf("Hello %c!\n", self->names[1]);
    AWAIT(self, timer_sleep(duration_from_secs(1)));
    printf("Hello %c!\n", self->names[2]);
    ASYNC_END(self, 0);
}

static struct future *greet(const char *names)
{
    static const struct future_vtable vtable = { "greet", greet_poll,
                                                 async_drop };
    struct greet *self = future_new(sizeof(*self), &vtable);

    self->names = names;
    return &self->async.future;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as println! does

    struct task_joiner task1 = executor_spawn(greet("ABC"));
    struct task_joiner task2 = executor_spawn(greet("abc"));

    task_joiner_join(&task1);
    task_joiner_join(&task2);
    return 0;
}

// Expected output, after so many seconds. Lines of the same time may come in
// either order: the two tasks do not wait for each other.
//
//     2.0  Hello A!
//     2.0  Hello a!
//     3.0  Hello B!
//     3.0  Hello b!
//     4.0  Hello C!
//     4.0  Hello c!
