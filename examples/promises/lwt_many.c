// Lwt: many promises at a time. Two rules make six functions.
//
// join waits for all of them: all and both are join, and keep the values.
// choose waits for the first of them: pick is choose, and cancels the others,
// nchoose is choose, and takes all that are resolved by then.
#include "lwt.h"

struct many {
    struct promise promise;
    size_t n;
    size_t left;      // join: so many still sleep
    intptr_t outcome; // join: 0, or the first failure
    bool cancels;     // pick
    intptr_t *values; // all, both, nchoose; or NULL
    struct input {
        struct callback callback;
        struct promise *promise; // owned
        struct many *many;
    } inputs[];
};

// Cancelling goes on to all of them.
static struct promise *many_cancel(struct promise *promise)
{
    struct many *self = (struct many *)promise;

    for (size_t i = 0; i < self->n; i++)
        promise_cancel(self->inputs[i].promise);
    return NULL;
}

// Takes the promises over. Nothing is left with them yet.
static struct many *many_new(struct promise *promises[], size_t n,
                             intptr_t values[],
                             void (*run)(void *data, intptr_t value))
{
    struct many *self =
        promise_alloc(sizeof(*self) + n * sizeof(struct input), many_cancel);

    *self = (struct many){ self->promise, n, n, .values = values };
    for (size_t i = 0; i < n; i++) {
        struct input *input = &self->inputs[i];
        *input =
            (struct input){ { .run = run, .data = input }, promises[i], self };
    }
    return self;
}

// Those that are resolved already run their callback at once. If that settles
// us, no input is left, and the loop ends.
static struct promise *many_wait(struct many *self)
{
    for (size_t i = 0; i < self->n; i++)
        promise_on_any(self->inputs[i].promise, &self->inputs[i].callback);
    return &self->promise;
}

// The promises that sleep on do so without us.
static void many_settle(struct many *self, intptr_t value)
{
    for (size_t i = 0; i < self->n; i++) {
        promise_forget(self->inputs[i].promise, &self->inputs[i].callback);
        promise_drop(self->inputs[i].promise);
    }
    self->n = 0;
    promise_settle(&self->promise, value);
}

// ---------------------------------------------------------------------------
// join: all of them
// ---------------------------------------------------------------------------

// Runs once for each of them. A failure is kept, but ends nothing: whoever waits
// for all of them may then free what they use.
static void join_run(void *data, intptr_t value)
{
    struct input *input = data;
    struct many *self = input->many;

    if (value < 0 && self->outcome == 0) self->outcome = value;
    if (value >= 0 && self->values != NULL)
        self->values[input - self->inputs] = value;
    if (--self->left == 0) many_settle(self, self->outcome);
}

struct promise *lwt_all(struct promise *promises[], size_t n, intptr_t values[])
{
    if (n == 0) return lwt_return(0);
    return many_wait(many_new(promises, n, values, join_run));
}

struct promise *lwt_join(struct promise *promises[], size_t n)
{
    return lwt_all(promises, n, NULL);
}

struct promise *lwt_both(struct promise *a, struct promise *b,
                         intptr_t values[2])
{
    return lwt_all(PROMISES(a, b), values);
}

// ---------------------------------------------------------------------------
// choose: the first of them
// ---------------------------------------------------------------------------

// A number below n. Lwt's generator has a fixed seed too: what a program does
// without I/O, it does again next time. (This one is called xorshift.)
static size_t random_below(size_t n)
{
    static _Thread_local uint32_t x = 1;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x % n;
}

// Of those that are resolved takes one, each with the same chance; but if some
// of them failed, one of these.
static struct poll one_resolved(const struct many *self)
{
    struct poll chosen = POLL_PENDING;
    size_t alike = 0; // so many could have been chosen so far

    for (size_t i = 0; i < self->n; i++) {
        struct poll poll = promise_poll(self->inputs[i].promise);
        if (!poll.ready) continue;
        if (chosen.ready && chosen.value < 0 && poll.value >= 0) continue;
        if (chosen.ready && chosen.value >= 0 && poll.value < 0) alike = 0;
        if (random_below(++alike) == 0) chosen = poll;
    }
    return chosen;
}

// Of those that are resolved takes all, or the first failure.
static intptr_t all_resolved(const struct many *self)
{
    size_t count = 0;

    for (size_t i = 0; i < self->n; i++) {
        struct poll poll = promise_poll(self->inputs[i].promise);
        if (!poll.ready) continue;
        if (poll.value < 0) return poll.value;
        self->values[count++] = poll.value;
    }
    return (intptr_t)count;
}

// pick: the losers are settled before we are, so their callbacks run first.
static void choose_run(void *data, intptr_t value)
{
    struct many *self = ((struct input *)data)->many;

    if (self->values != NULL) value = all_resolved(self);
    if (self->cancels) many_cancel(&self->promise);
    many_settle(self, value);
}

static struct promise *choose(struct promise *promises[], size_t n,
                              bool cancels, intptr_t values[])
{
    if (n == 0) panic("the first of no promises would sleep for ever");
    struct many *self = many_new(promises, n, values, choose_run);
    self->cancels = cancels;
    struct poll poll = one_resolved(self);
    if (!poll.ready) return many_wait(self);
    choose_run(&self->inputs[0], poll.value);
    return &self->promise;
}

struct promise *lwt_choose(struct promise *promises[], size_t n)
{
    return choose(promises, n, false, NULL);
}

struct promise *lwt_pick(struct promise *promises[], size_t n)
{
    return choose(promises, n, true, NULL);
}

struct promise *lwt_nchoose(struct promise *promises[], size_t n,
                            intptr_t values[])
{
    return choose(promises, n, false, values);
}
