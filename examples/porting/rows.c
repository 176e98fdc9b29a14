// What crosses the bridge between callbacks and fibers, and what it refuses.
#include "../fibers/switch.h"
#include "async_eio.h"

#include <errno.h>
#include <stdio.h>

// A number, or the name of an errno as far as this program meets it.
static void print(const char *title, intptr_t value)
{
    static const struct {
        int error;
        const char *name;
    } names[] = { { EIO, "EIO" },
                  { ENOENT, "ENOENT" },
                  { EBUSY, "EBUSY" },
                  { ENOTCONN, "ENOTCONN" },
                  { ECANCELED, "ECANCELED" } };
    const char *name = NULL;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (value == -names[i].error) name = names[i].name;
    if (name != NULL)
        printf("%s: %s\n", title, name);
    else
        printf("%s: %ld\n", title, (long)value);
}

// ---------------------------------------------------------------------------
// Values and failures, both ways
// ---------------------------------------------------------------------------

// Direct code, called by callbacks.
static intptr_t after_a_sleep(void *value)
{
    intptr_t error = fiber_await(timer_sleep(duration_from_millis(1)));

    return error < 0 ? error : (intptr_t)value;
}

// Callbacks, called by direct code.
static struct promise *then_return(intptr_t value, void *outcome)
{
    (void)value;
    return lwt_return((intptr_t)outcome);
}

static struct promise *sleep_then(void *outcome)
{
    return lwt_bind(lwt_unix_sleep(.001), then_return, outcome);
}

static struct promise *call_eio(void *value)
{
    return async_eio_run_eio(after_a_sleep, value);
}

static intptr_t both_ways(void *unused)
{
    static const intptr_t values[] = { 42, -EIO, -ENOENT };

    (void)unused;
    for (int i = 0; i < 3; i++) {
        void *value = (void *)values[i];
        print("run_async", async_eio_run_async(sleep_then, value));
        print("run_async, run_eio", async_eio_run_async(call_eio, value));
        print("await_promise", await_promise(sleep_then(value)));
        struct promise *eio = async_eio_run_eio(after_a_sleep, value);
        print("a promise of run_eio", await_promise(eio));
    }
    return 0;
}

// ---------------------------------------------------------------------------
// Nobody starves: a thousand rounds on either side, at the same time
// ---------------------------------------------------------------------------

static int rounds[2], ahead; // ahead: how far the two were apart at most

static void note_round(int side)
{
    int difference = abs(++rounds[side] - rounds[!side]);

    if (difference > ahead) ahead = difference;
}

static struct promise *next_round(intptr_t value, void *env)
{
    if (rounds[0] == 1000) return lwt_return(value);
    note_round(0);
    return lwt_bind(lwt_pause(), next_round, env);
}

static struct promise *callback_rounds(void *env)
{
    return next_round(0, env);
}

static intptr_t wait_for_callbacks(void *unused)
{
    return async_eio_run_async(callback_rounds, unused);
}

static intptr_t direct_rounds(void *unused)
{
    (void)unused;
    while (rounds[1] < 1000) {
        note_round(1);
        if (fiber_yield() < 0) return -ECANCELED;
    }
    return 0;
}

static intptr_t side_by_side(void *unused)
{
    fiber_both(wait_for_callbacks, unused, direct_rounds, unused);
    printf("rounds: %d and %d, %s\n", rounds[0], rounds[1],
           ahead <= 10 ? "side by side" : "one far ahead of the other");
    return 0;
}

// ---------------------------------------------------------------------------
// What is refused
// ---------------------------------------------------------------------------

static intptr_t nothing(void *unused)
{
    (void)unused;
    return 0;
}

// A callback starts a fiber, and nobody waits for it.
static intptr_t left_behind(void *unused)
{
    (void)unused;
    print("left behind", fiber_await(timer_sleep(duration_from_secs(60))));
    return 0;
}

static intptr_t leaves_one(void *unused)
{
    promise_drop(async_eio_run_eio(left_behind, unused));
    return fiber_yield();
}

static intptr_t all(void *unused)
{
    async_eio_with_event_loop(both_ways, unused);
    async_eio_with_event_loop(side_by_side, unused);
    print("run_async outside", async_eio_run_async(sleep_then, unused));
    print("run_eio outside", await_promise(async_eio_run_eio(nothing, unused)));
    async_eio_with_event_loop(leaves_one, unused);
    return 0;
}

static intptr_t nests(void *unused)
{
    return async_eio_with_event_loop(nothing, unused);
}

static intptr_t main_fiber(void *unused)
{
    all(unused);
    print("a loop in a loop", async_eio_with_event_loop(nests, unused));
    print("a loop after a loop", async_eio_with_event_loop(nothing, unused));
    return 0;
}

int main(void)
{
    return executor_block_on(fiber(main_fiber, NULL)) < 0;
}

// Expected output, in this order, after so many seconds:
//
//     0.0  run_async: 42
//     0.0  run_async, run_eio: 42
//     0.0  await_promise: 42
//     0.0  a promise of run_eio: 42
//     0.0  run_async: EIO
//     0.0  run_async, run_eio: EIO
//     0.0  await_promise: EIO
//     0.0  a promise of run_eio: EIO
//     0.0  run_async: ENOENT
//     0.0  run_async, run_eio: ENOENT
//     0.0  await_promise: ENOENT
//     0.0  a promise of run_eio: ENOENT
//     0.0  rounds: 1000 and 1000, side by side
//     0.0  run_async outside: ENOTCONN
//     0.0  run_eio outside: ENOTCONN
//     0.0  left behind: ECANCELED
//     0.0  a loop in a loop: EBUSY
//     0.0  a loop after a loop: 0
