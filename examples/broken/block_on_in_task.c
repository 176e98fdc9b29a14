// The mistake: a task calls a function that blocks until another task is done,
// executor_block_on or task_joiner_join. Who makes it needs a future's output
// in the middle of an async block, as main does.
//
// Rust compiles it, and in trale it hangs: the thread that waits is the one
// that polls all tasks, so the other task never runs. (tokio panics: "Cannot
// start a runtime from within a runtime".)
//
// What to do: AWAIT the future, or the joiner of the task.
#include "trale.h"

#include <stdio.h>

struct hello {
    struct async async;
};

static struct poll hello_poll(struct future *future, struct context *cx)
{
    struct hello *self = (struct hello *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, timer_sleep(duration_from_millis(10)));
    executor_block_on(timer_sleep(duration_from_millis(10))); // here it is
    printf("Hello!\n");
    ASYNC_END(self, 0);
}

int main(void)
{
    static const struct future_vtable vtable = { "hello", hello_poll,
                                                 async_drop };

    executor_block_on(future_new(sizeof(struct hello), &vtable));
    return 0;
}

// Expected output:
//
//     trale: in task hello#1 at block_on_in_task.c:23: join and block_on would
//         block the thread that polls all tasks: AWAIT the joiner instead
