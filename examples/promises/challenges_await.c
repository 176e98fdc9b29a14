// The four exercises of challenges.c again, with async blocks. What a callback
// needs is kept in a struct here as well, but what follows a wait stands below
// it, and a loop is a loop.
#include "../futures/timeout.h"
#include "show.h"

// ---------------------------------------------------------------------------
// 1. Two sleep at the same time
// ---------------------------------------------------------------------------

struct printer {
    struct async async;
    int seconds;
    const char *line;
};

static struct poll printer_poll(struct future *future, struct context *cx)
{
    struct printer *self = (struct printer *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, timer_sleep(duration_from_secs(self->seconds)));
    printf("%s\n", self->line);
    ASYNC_END(self, 0);
}

static struct task_joiner spawn_printer(int seconds, const char *line)
{
    static const struct future_vtable vtable = { "printer", printer_poll,
                                                 async_drop };
    struct printer *self = future_new(sizeof(*self), &vtable);

    self->seconds = seconds;
    self->line = line;
    return executor_spawn(&self->async.future);
}

// ---------------------------------------------------------------------------
// 3. A value that is made by a future of its own
// ---------------------------------------------------------------------------

struct tea {
    struct async async;
    int millis;
};

static struct poll tea_poll(struct future *future, struct context *cx)
{
    struct tea *self = (struct tea *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, timer_sleep(duration_from_millis(self->millis)));
    ASYNC_END(self, "tea");
}

static struct future *tea(int millis)
{
    static const struct future_vtable vtable = { "tea", tea_poll, async_drop };
    struct tea *self = future_new(sizeof(*self), &vtable);

    self->millis = millis;
    return &self->async.future;
}

static void print_option(const char *title, intptr_t value)
{
    if (value > 0)
        printf("%s: Some %s\n", title, (char *)value);
    else
        printf("%s: None\n", title);
}

// ---------------------------------------------------------------------------
// All four
// ---------------------------------------------------------------------------

struct challenges {
    struct async async;
    struct task_joiner heads, tails;
    struct promise *promise;
    int i;
};

static struct poll challenges_poll(struct future *future, struct context *cx)
{
    static const int millis[] = { 100, 9000 };
    struct challenges *self = (struct challenges *)future;

    ASYNC_BEGIN(self);
    self->heads = spawn_printer(1, "Heads");
    self->tails = spawn_printer(2, "Tails");
    AWAIT(self, &self->heads.future);
    AWAIT(self, &self->tails.future);
    printf("Finished\n");

    for (self->i = 1; self->i <= 10; self->i++) {
        AWAIT(self, timer_sleep(duration_from_millis(10)));
        printf("line %d\n", self->i);
    }

    // To look whether it is there yet takes a promise: a future can only be
    // polled. It runs at the same time, so it is a task.
    for (self->i = 0; self->i < 2; self->i++) {
        self->promise = promise_spawn(tea(millis[self->i]));
        AWAIT(self, timer_sleep(duration_from_millis(300)));
        print_option("3", promise_poll(self->promise).value);
        promise_cancel(self->promise);
        promise_drop(self->promise);
    }

    for (self->i = 0; self->i < 2; self->i++) {
        AWAIT(self, timeout(duration_from_millis(300), tea(millis[self->i])));
        print_option("4", self->async.value);
    }
    ASYNC_END(self, 0);
}

int main(void)
{
    static const struct future_vtable vtable = { "challenges", challenges_poll,
                                                 async_drop };

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as print_endline does
    return (int)executor_block_on(
        future_new(sizeof(struct challenges), &vtable));
}

// Expected output, in this order, after so many seconds:
//
//     1.0  Heads
//     2.0  Tails
//     2.0  Finished
//     2.0  line 1
//     2.0  line 2
//     2.0  line 3
//     2.0  line 4
//     2.1  line 5
//     2.1  line 6
//     2.1  line 7
//     2.1  line 8
//     2.1  line 9
//     2.1  line 10
//     2.4  3: Some tea
//     2.7  3: None
//     2.8  4: Some tea
//     3.1  4: None
