// What the program beside this file runs on. Read this first. In the last step
// trale.h takes its place.
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// What a poll returns: whether the future is ready, and with what.
struct poll {
    bool ready;
    intptr_t value;
};

#define POLL_PENDING ((struct poll){ .ready = false })
#define POLL_READY(output) ((struct poll){ true, (intptr_t)(output) })

struct future;
typedef struct poll poll_function(struct future *future);

// A future is something to poll: it does what it can without blocking. This is
// the first member of every future's struct, whose other members are what has
// to survive from one poll to the next.
struct future {
    poll_function *poll;
};

// A program that polls a future after it was ready has lost track of it.
static _Noreturn void panic(const char *message)
{
    fprintf(stderr, "%s\n", message);
    abort();
}

// Futures live on the heap. Zeroed, a state machine is at its start.
static void *future_new(size_t size, poll_function *poll)
{
    struct future *future = calloc(1, size);

    if (future == NULL) err(1, "no memory");
    future->poll = poll;
    return future;
}

// What all state machines have in common.
struct async {
    struct future future;
    int state;            // where to go on
    struct future *child; // the future being awaited
    intptr_t value;       // what it was ready with
};

// One step of an await: polls the child. If that is ready, it is dropped, its
// value is left in *value, and the one who awaits may go on.
static bool await(struct future **child, intptr_t *value)
{
    struct poll poll = (*child)->poll(*child);

    if (!poll.ready) return false;
    free(*child);
    *child = NULL;
    *value = poll.value;
    return true;
}

// The switch of s01. Its states are the numbers of the lines with an AWAIT.
#define ASYNC_BEGIN(self)          \
    switch ((self)->async.state) { \
    case 0:

#define AWAIT(self, awaited)                                               \
    do {                                                                   \
        (self)->async.child = (awaited);                                   \
        (self)->async.state = __LINE__;                                    \
        __attribute__((fallthrough));                                      \
    case __LINE__: /* where the next poll jumps to, past the code above */ \
        if (!await(&(self)->async.child, &(self)->async.value))            \
            return POLL_PENDING;                                           \
    } while (0)

#define ASYNC_END(self, output) \
    (self)->async.state = -1;   \
    return POLL_READY(output);  \
    }                           \
    panic("Polled a resolved future")

// Ready when all five are. No coroutine: that could await only one at a time.
struct join_all {
    struct future future;
    struct future *futures[5]; // NULL once they are ready
};

static struct poll join_all_poll(struct future *future)
{
    struct future **futures = ((struct join_all *)future)->futures;
    struct poll poll = POLL_READY(0);

    for (int i = 0; i < 5; i++)
        if (futures[i] != NULL && !await(&futures[i], &poll.value))
            poll.ready = false;
    return poll;
}

// Runs a future to its end.
static void block_on(struct future *future)
{
    intptr_t value;

    while (!await(&future, &value)) {
        // no pause: as often as it can
    }
}
