// trale's examples/sub_tasks.rs, of a later commit: a task spawns another and
// awaits it. The other one runs from the spawn on, not just from the await.
#include "trale.h"

#include <stdio.h>

struct other {
    struct async async;
};

static struct poll other_poll(struct future *future, struct context *cx)
{
    struct other *self = (struct other *)future;

    ASYNC_BEGIN(self);
    printf("Hello from other task\n");
    AWAIT(self, timer_sleep(duration_from_secs(1)));
    printf("Bye bye from other task\n");
    ASYNC_END(self, 24);
}

static const struct future_vtable other_vtable = { "other", other_poll,
                                                   async_drop };

struct outer {
    struct async async;
    struct task_joiner other;
};

static struct poll outer_poll(struct future *future, struct context *cx)
{
    struct outer *self = (struct outer *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, timer_sleep(duration_from_secs(2)));
    printf("Hello A!\n");
    self->other =
        executor_spawn(future_new(sizeof(struct other), &other_vtable));
    AWAIT(self, timer_sleep(duration_from_secs(1)));
    printf("Hello B!\n");
    // Inside a task, join would block all tasks. A joiner is a future too.
    AWAIT(self, &self->other.future);
    printf("The other task returned %d\n", (int)self->async.value);
    AWAIT(self, timer_sleep(duration_from_secs(1)));
    printf("Hello C!\n");
    ASYNC_END(self, 0);
}

// Should outer be dropped before its end, the other task is detached. After
// the end this does nothing: the await has consumed the joiner.
static void outer_drop(struct future *future)
{
    async_drop(future);
    task_joiner_drop(&((struct outer *)future)->other);
}

static const struct future_vtable outer_vtable = { "outer", outer_poll,
                                                   outer_drop };

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as println! does
    executor_block_on(future_new(sizeof(struct outer), &outer_vtable));
    return 0;
}

// Expected output, after so many seconds:
//
//     2.0  Hello A!
//     2.0  Hello from other task
//     3.0  Hello B!
//     3.0  Bye bye from other task
//     3.0  The other task returned 24
//     4.0  Hello C!
