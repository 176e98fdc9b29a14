// Does at once all that the examples do not, for whoever draws what happens:
// odd names, a waker that is no task's, a thread of no name, a wake too many, a
// cancelled sleep, a poll that blocks, output without an end of line, a panic.
#define _DEFAULT_SOURCE // for usleep
#include "tests/register.h"
#include "trale.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

struct odd {
    struct async async;
    struct future *sleep;
    bool woken;
};

// Wakes itself twice and is polled once more.
static struct poll twice_poll(struct future *future, struct context *cx)
{
    struct odd *self = (struct odd *)future;

    if (self->woken) return POLL_READY(0);
    self->woken = true;
    for (int i = 0; i < 2; i++) {
        struct waker waker = waker_clone(cx->waker);
        waker_wake(&waker);
    }
    return POLL_PENDING;
}

static struct poll odd_poll(struct future *future, struct context *cx)
{
    static const struct future_vtable twice = { "tw>ice", twice_poll, NULL };
    struct odd *self = (struct odd *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, future_new(sizeof(struct odd), &twice));
    self->sleep = timer_sleep(duration_from_secs(1000));
    future_poll(self->sleep, cx);
    future_drop(self->sleep);
    fprintf(stderr, "<b>no end of line</b>");
    AWAIT(self, timer_sleep(duration_from_millis(1)));
    fprintf(stderr, "\033[1mcolour\033[0m and \xff, not UTF-8\n");
    fprintf(stderr, "nowrap: executor->>main: it's `not` an arrow\n");
    usleep(150 * 1000);
    ASYNC_END(self, -1);
}

static struct future *odd(void)
{
    static const struct future_vtable vtable = {
        "o\"d'd </script> &lt; #; %%{init: x}%% | `a` \\n ]]> $$x$$ "
        "\xc3\xa9\xff",
        odd_poll, async_drop
    };

    return future_new(sizeof(struct odd), &vtable);
}

// A waker that is not one of trale's: it has a semaphore to post.
static void foreign_clone(void *data)
{
    (void)data;
}

static void foreign_wake(void *data)
{
    sem_post(data);
}

static const struct waker_vtable foreign = { foreign_clone, foreign_wake,
                                             foreign_clone };

static void *thread_main(void *data)
{
    executor_block_on(odd());
    return data;
}

int main(void)
{
    struct subscription sub = { 0 };
    int ends[2];
    sem_t woken;
    pthread_t thread;

    sem_init(&woken, 0, 0);
    if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1) return 1;
    register_waker(&sub, ends[0], &(struct waker){ &foreign, &woken },
                   WAKEUP_READABLE);
    sem_wait(&woken);

    if (pthread_create(&thread, NULL, thread_main, NULL) != 0) return 1;
    pthread_join(thread, NULL);
    struct task_joiner joiner = executor_spawn(odd());
    task_joiner_join(&joiner);
    task_joiner_join(&joiner); // the panic
    return 0;
}
