// Fibers: nested awaits, several at a time, cancelling, releasing, a promise.
#include "../promises/lwt.h"
#include "switch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// The name of an errno, as far as this program meets it; or "0".
static const char *outcome(intptr_t value)
{
    if (value == -ECANCELED) return "ECANCELED";
    if (value == -EIO) return "EIO";
    return value == 0 ? "0" : "a value";
}

static intptr_t sleep_ms(int ms)
{
    return fiber_await(timer_sleep(duration_from_millis(ms)));
}

// ---------------------------------------------------------------------------
// An await in the middle of nested calls. The calls wait where they are.
// ---------------------------------------------------------------------------

static int fib(int n)
{
    if (n == 1) sleep_ms(1);
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

// ---------------------------------------------------------------------------
// Two at a time, which wait for each other's end
// ---------------------------------------------------------------------------

static intptr_t count(void *name)
{
    for (int i = 1; i <= 3; i++) {
        printf("%s=%d\n", (char *)name, i);
        if (fiber_yield() < 0) return -ECANCELED;
    }
    return 0;
}

static intptr_t wait_for_long(void *name)
{
    intptr_t value = sleep_ms(60000);

    printf("%s: %s\n", (char *)name, outcome(value));
    return value;
}

static intptr_t fail_soon(void *unused)
{
    (void)unused;
    sleep_ms(10);
    return -EIO;
}

static intptr_t be_quick(void *unused)
{
    (void)unused;
    sleep_ms(10);
    return 7;
}

// ---------------------------------------------------------------------------
// A switch: who was forked ends, then all is released, the newest first
// ---------------------------------------------------------------------------

static void release(void *name)
{
    printf("release %s\n", (char *)name);
}

static intptr_t acquire(struct eio_switch *sw, void *unused)
{
    (void)unused;
    switch_on_release(sw, release, "1");
    switch_on_release(sw, release, "2");
    fiber_fork(sw, wait_for_long, "forked");
    switch_on_release(sw, release, "3");
    sleep_ms(10);
    switch_fail(sw, -EIO);
    return 0;
}

// ---------------------------------------------------------------------------
// What is protected is not cancelled; what comes after it is
// ---------------------------------------------------------------------------

static intptr_t protected_sleep(void *unused)
{
    (void)unused;
    printf("protected sleep: %s\n", outcome(sleep_ms(100)));
    return 0;
}

static intptr_t protects_itself(void *unused)
{
    fiber_protect(protected_sleep, unused);
    printf("then: %s\n", outcome(fiber_check()));
    return 0;
}

// ---------------------------------------------------------------------------
// A promise: one fiber keeps it, another one waits
// ---------------------------------------------------------------------------

static struct resolver resolver;

static intptr_t keep(void *unused)
{
    (void)unused;
    sleep_ms(10);
    promise_resolve(&resolver, 42);
    return 0;
}

static intptr_t wait_for(void *promise)
{
    printf("promise: %ld\n", (long)fiber_await(promise_await(promise)));
    return 0;
}

static intptr_t all(void *unused)
{
    printf("fib(8) = %d\n", fib(8));
    fiber_both(count, "x", count, "y");
    intptr_t value = fiber_both(wait_for_long, "x", fail_soon, unused);
    printf("both: %s\n", outcome(value));
    value = fiber_first(wait_for_long, "the other", be_quick, unused);
    printf("first: %ld\n", (long)value);
    printf("switch: %s\n", outcome(switch_run(acquire, unused)));
    fiber_first(protects_itself, unused, be_quick, unused);
    fiber_both(wait_for, promise_new(&resolver), keep, unused);
    return 0;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    return executor_block_on(fiber(all, NULL)) < 0;
}

// Expected output, in this order, after so many seconds:
//
//     0.0  fib(8) = 21
//     0.0  x=1
//     0.0  y=1
//     0.0  x=2
//     0.0  y=2
//     0.0  x=3
//     0.0  y=3
//     0.0  x: ECANCELED
//     0.0  both: EIO
//     0.0  the other: ECANCELED
//     0.0  first: 7
//     0.0  forked: ECANCELED
//     0.0  release 3
//     0.0  release 2
//     0.0  release 1
//     0.0  switch: EIO
//     0.1  protected sleep: 0
//     0.1  then: ECANCELED
//     0.1  promise: 42
