// Checks of exercise 02: block_on parks the thread.
// Sanitizers: address thread
#define _GNU_SOURCE
#include "checks.h"
#include "harness.h"

#include <unistd.h>

const char exercise_read[] =
    "trale.c, 'TaskJoiner::join' and 'executor_loop'; trale.h, 'struct "
    "waker_vtable'";

static void expect_value(struct script *script)
{
    awaiting("the first poll of %s, which must come before any sleep",
             script->name);
    struct call outer = enter("block_on");
    may_sleep();
    intptr_t value = block_on(script->future);
    leave(outer);
    expect(script->ended,
           "block_on returned after %d poll%s of %s, all of them pending: it "
           "must go on until the future is ready.",
           script->polls, script->polls == 1 ? "" : "s", script->name);
    expect(value == script->value,
           "block_on returned %ld, but %s was ready with %ld.", (long)value,
           script->name, (long)script->value);
}

CHECK(polls_first, 1, "It polls a ready future once, and returns its value")
{
    static const intptr_t values[] = { 7, 0, -1, -5, INTPTR_MAX, INTPTR_MIN };

    for (int i = 0; i < 6; i++) expect_value(script_new("A", "r", values[i]));
}

// ---------------------------------------------------------------------------
// Wakes that come when the thread sleeps, and before it does
// ---------------------------------------------------------------------------

static pid_t caller;
static struct script *sleeper;
static int moments_left;

static bool is_pending(void *data)
{
    return ((struct script *)data)->pendings > 0;
}

// The thread that wakes stops in the middle, until the one
// in block_on sleeps, for good or because it has joined this one.
static void stop_at_moment(const char *moment)
{
    if (moments_left-- != 0) return;
    event("waker", "moment", "| of parker_wake, %s", moment);
    falls_asleep(caller);
}

static void *wake_slowly(void *data)
{
    int *number = data;

    if (!wait_until(is_pending, sleeper)) fail("block_on never polled A.");
    falls_asleep(caller);
    moments_left = *number;
    at_moment = stop_at_moment;
    script_wake(sleeper);
    return NULL;
}

CHECK(in_the_middle, 1, "A wake may stop in the middle, and is not lost")
{
    caller = gettid();
    for (int number = 0;; number++) {
        pthread_t thread;
        sleeper = script_new("A", "kr", 13);
        if (pthread_create(&thread, NULL, wake_slowly, &number)) abort();
        expect_value(sleeper);
        pthread_join(thread, NULL);
        if (moments_left >= 0 || round_no > 0) break;
    }
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

CHECK(parks, 2, "It sleeps while the future is pending, and uses no processor")
{
    struct script *script = script_new("A", "kr", 7);
    pthread_t thread;

    caller = gettid();
    if (pthread_create(&thread, NULL, wake_when_asleep, script)) abort();
    expect_value(script);
    pthread_join(thread, NULL);
}

CHECK(loses_no_wake, 1, "It loses no wake that comes during a poll")
{
    expect_value(script_new("A", "yr", 9));
    expect_value(script_new("B", "dydr", 10));
    expect_value(
        script_new("C", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyr", 11));
}

// A wake from another thread, when block_on is about to sleep: it has looked at
// `woken`, and has the lock.
static pthread_t late;
static bool late_runs;
static _Atomic pid_t late_tid;
static atomic_bool late_over;

static void *wake_late(void *data)
{
    late_tid = gettid();
    script_wake(data);
    late_over = true;
    return NULL;
}

static void join_late(void)
{
    if (late_runs) pthread_join(late, NULL);
    late_runs = false;
}

// Who sleeps in another way than pthread_cond_wait has no such moment, and is
// woken when it sleeps.
static atomic_bool seen_to_sleep;

// Where block_on was when this thread woke A; NULL: it has not.
static const char *woken_at;

static void *wake_if_unseen(void *data)
{
    struct script *script = data;

    for (int polls = 1; polls <= 2; polls++) {
        while (script->pendings < polls && script->polls <= polls) sleep_ms(1);
        if (script->polls > polls) continue;
        falls_asleep(caller);
        if (!seen_to_sleep && script->wakes < polls) script_wake(script);
    }
    return NULL;
}

static void wake_before_the_sleep(void)
{
    seen_to_sleep = true;
    expect(woken_at == NULL || sleeper->wakes < sleeper->polls,
           "A was woken %s, and block_on goes to sleep without another poll: "
           "that wake is lost. Either parker_wake has not noted it in `woken`; "
           "or block_on has set `woken` to false without a look. Look first, "
           "and set it to false when it was true.",
           woken_at);
    join_late(); // that of an earlier sleep
    late_over = false;
    late_tid = 0;
    event(sleeper->name, "moment", "| just before pthread_cond_wait sleeps");
    if (pthread_create(&late, NULL, wake_late, sleeper)) abort();
    late_runs = true;
    while (late_tid == 0 && !late_over) sleep_ms(1);
    expect(!late_over && !ends_before_it_sleeps(late_tid, &late_over),
           "A was woken when block_on had looked at `woken` and was about to "
           "sleep, with the lock held. The wake did not wait for that lock: "
           "nobody will see what it has set, and its signal found nobody "
           "asleep. parker_wake must set `woken` with the lock held.");
}

static void wake_at_moment(const char *moment)
{
    if (moments_left-- != 0 || sleeper->waker.vtable == NULL) return;
    event(sleeper->name, "moment", "| %s", moment);
    woken_at = moment;
    script_wake(sleeper);
}

CHECK(before_it_sleeps, 1, "It loses no wake that comes before it sleeps")
{
    caller = gettid();
    for (int number = 0;; number++) {
        pthread_t thread;
        sleeper = script_new("A", "kkr", 12);
        if (pthread_create(&thread, NULL, wake_if_unseen, sleeper)) abort();
        moments_left = number;
        woken_at = NULL;
        at_moment = wake_at_moment;
        at_wait = wake_before_the_sleep;
        expect_value(sleeper);
        at_moment = NULL;
        at_wait = NULL;
        join_late();
        pthread_join(thread, NULL);
        if (moments_left >= 0 || (round_no > 0 && number == 1)) break;
    }
}

// ---------------------------------------------------------------------------
// Several
// ---------------------------------------------------------------------------

static void *block_elsewhere(void *data)
{
    expect_value(data);
    return NULL;
}

static void *wake_both(void *data)
{
    struct script **scripts = data;

    for (int i = 1; i >= 0; i--)
        if (!wait_until(is_pending, scripts[i]))
            fail("block_on never polled %s.", scripts[i]->name);
    expect(scripts[0]->waker.data != scripts[1]->waker.data,
           "Two threads are in block_on at the same time, and the wakers of A "
           "and B have the same data: so a wake cannot tell which thread it is "
           "for. Each call needs a parker of its own.");
    for (int i = 1; i >= 0; i--) {
        script_wake(scripts[i]);
        sleep_ms(2);
    }
    return NULL;
}

// After those that force the order of things, one that leaves it to the
// threads.
CHECK(polls_once_for_a_wake, 1, "It polls once for each wake, on every thread")
{
    struct script *both[] = { script_new("A", "kr", 1),
                              script_new("B", "kr", 2) };
    pthread_t threads[2];

    expect_value(script_new("C", "tttr", 8));
    if (pthread_create(&threads[0], NULL, block_elsewhere, both[1])) abort();
    if (pthread_create(&threads[1], NULL, wake_both, both)) abort();
    expect_value(both[0]);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
}

// A wake by a thread that has nothing in common with block_on but the lock.
static struct waker spare;
static struct stranger stranger;

static void wake_spare(void *data)
{
    waker_wake(data);
}

struct host {
    struct future future;
    int polls;
};

static struct poll host_poll(struct future *future, struct context *cx)
{
    struct host *self = (struct host *)future;

    if (++self->polls == 1) {
        struct waker waker = waker_clone(cx->waker);
        spare = waker_clone(cx->waker);
        stranger_begin(&stranger, wake_spare, &spare);
        waker_wake(&waker);
        return POLL_PENDING;
    }
    if (self->polls == 2) stranger_acts(&stranger);
    if (self->polls == 2) return POLL_PENDING;
    stranger_end(&stranger);
    return POLL_READY(0);
}

CHECK(woken_by_strangers, 1, "What threads share is changed under the lock")
{
    static const struct future_vtable vtable = { "host", host_poll, NULL };
    struct call outer = enter("block_on");

    may_sleep();
    awaiting("block_on to return, which is woken during a poll");
    block_on(future_new(sizeof(struct host), &vtable));
    leave(outer);
}

// A future whose wakers live on.
static struct waker kept[2];

static struct poll keeper_poll(struct future *future, struct context *cx)
{
    (void)future;
    for (int i = 0; i < 2; i++) kept[i] = waker_clone(cx->waker);
    event("keeper", "ready", "| and keeps two clones of the waker");
    return POLL_READY(11);
}

CHECK(wakers_may_outlive_it, 2, "Its wakers may be used after it has returned")
{
    static const struct future_vtable vtable = { "keeper", keeper_poll, NULL };

    for (int i = 0; i < 2; i++) {
        struct call outer = enter("block_on");
        may_sleep();
        block_on(future_new(sizeof(struct future), &vtable));
        leave(outer);
        awaiting("a wake after block_on had returned");
        event("keeper", "wake", "| after block_on has returned");
        if (i == 0) waker_wake(&kept[0]);
        if (i == 1) waker_drop(&kept[0]);
        expect_value(script_new("A", "tr", 12));
        waker_wake(&kept[1]);
    }
}
