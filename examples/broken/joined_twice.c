// The mistake: a task is joined twice. Who makes it wants its output in two
// places, or thinks that joining is only waiting.
//
// Rust refuses to compile it: join takes the joiner itself, so after the first
// one there is "use of moved value: `answer`".
//
// What to do: keep the output in a variable. A task gives it only once, for it
// may be a pointer that whoever joins has to free.
#include "trale.h"

#include <stdio.h>

static struct poll answer_poll(struct future *future, struct context *cx)
{
    (void)future, (void)cx;
    return POLL_READY(42);
}

int main(void)
{
    static const struct future_vtable vtable = { "answer", answer_poll, NULL };
    struct task_joiner answer =
        executor_spawn(future_new(sizeof(struct future), &vtable));

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as println! does
    printf("It is %d.\n", (int)task_joiner_join(&answer));
    printf("Again: %d.\n", (int)task_joiner_join(&answer)); // here it is
    return 0;
}

// Expected output:
//
//     It is 42.
//     trale: joined twice: a task gives its output only once
