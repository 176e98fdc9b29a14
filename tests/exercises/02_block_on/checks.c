// Checks of exercise 02: block_on parks the thread.
// Sanitizers: address thread
// Wrap: nanosleep usleep sched_yield
#define _GNU_SOURCE
#include "checks.h"
#include "harness.h"

#include <time.h>
#include <unistd.h>

const char exercise_read[] =
    "trale.c, 'TaskJoiner::join' and 'executor_loop'; trale.h, 'struct "
    "waker_vtable'";

// Who sleeps for some time and looks again is not parked: it wakes too late,
// or too often. The thread that is in block_on must not call these.
static _Thread_local bool in_block_on;

static void refuse(const char *function)
{
    if (in_block_on)
        fail("block_on called %s: it looks from time to time whether it was "
             "woken. Let it sleep until it is, with pthread_cond_wait, so that "
             "it is neither late nor awake in vain.",
             function);
}

int __real_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    refuse("nanosleep");
    return __real_nanosleep(time, left);
}

int __real_usleep(useconds_t time);
int __wrap_usleep(useconds_t time);
int __wrap_usleep(useconds_t time)
{
    refuse("usleep");
    return __real_usleep(time);
}

int __real_sched_yield(void);
int __wrap_sched_yield(void);
int __wrap_sched_yield(void)
{
    refuse("sched_yield");
    return __real_sched_yield();
}

static void expect_value(struct script *script)
{
    awaiting("the first poll of %s, which must come before any sleep",
             script->name);
    in_block_on = true;
    intptr_t value = block_on(script->future);
    in_block_on = false;
    expect(script->ended,
           "block_on returned after %d poll%s of %s, all of them pending: it "
           "must go on until the future is ready.",
           script->polls, script->polls == 1 ? "" : "s", script->name);
    expect(value == script->value,
           "block_on returned %ld, but %s was ready with %ld.", (long)value,
           script->name, (long)script->value);
}

CHECK(polls_first, 2, "polls a future that is ready, and returns its value")
{
    expect_value(script_new("A", "r", 7));
}

// Wakes A only when the thread that is in block_on sleeps.
static pid_t caller;

static bool is_pending(void *data)
{
    return ((struct script *)data)->pendings > 0;
}

static void *wake_when_asleep(void *data)
{
    if (!wait_until(is_pending, data)) fail("block_on never polled A.");
    if (!falls_asleep(caller))
        fail("A is pending, but the thread in block_on does not sleep: it has "
             "used 50 ms of processor time, that is, it spins. Let it sleep in "
             "pthread_cond_wait until parker_wake signals.");
    script_wake(data);
    return NULL;
}

CHECK(parks, 3, "sleeps while the future is pending, and uses no processor")
{
    struct script *script = script_new("A", "kr", 7);
    pthread_t thread;

    caller = gettid();
    if (pthread_create(&thread, NULL, wake_when_asleep, script)) abort();
    expect_value(script);
    pthread_join(thread, NULL);
}

CHECK(loses_no_wake, 2, "loses no wake that comes during a poll")
{
    expect_value(script_new("A", "yr", 9));
    expect_value(script_new("B", "dydr", 10));
}

// After those that force the order of things, one that leaves it to the threads.
CHECK(polls_once_for_a_wake, 2, "polls once for each wake")
{
    struct script *script = script_new("A", "tttr", 8);

    expect_value(script);
}

// A future whose waker lives on.
static struct waker kept;

static struct poll keeper_poll(struct future *future, struct context *cx)
{
    (void)future;
    kept = waker_clone(cx->waker);
    event("keeper", "ready", "| and keeps a clone of the waker");
    return POLL_READY(11);
}

CHECK(wakers_may_outlive_it, 1, "lets a waker be woken after it has returned")
{
    static const struct future_vtable vtable = { "keeper", keeper_poll, NULL };

    block_on(future_new(sizeof(struct future), &vtable));
    awaiting("a wake after block_on had returned");
    event("keeper", "wake", "| after block_on has returned");
    waker_wake(&kept);
    expect_value(script_new("A", "tr", 12));
}
