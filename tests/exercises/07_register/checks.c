// Checks of exercise 07: register, then check again.
// Sanitizers: address thread
// Wrap: pthread_mutex_lock pthread_mutex_unlock
#include "checks.h"
#include "harness.h"

#include <sched.h>

const char exercise_read[] =
    "examples/exercises/07_flag.h; trale.c, 'later trale: TaskJoiner::poll'; "
    "trale.c, 'reactor/mod.rs: the reactor'; trale.c, 'The protocol, in eight "
    "rules', rule 6";

// ---------------------------------------------------------------------------
// The moments at which another thread may act between the student's lines
// ---------------------------------------------------------------------------

// In words, for messages. Only these calls can be seen from here; what happens
// between two of them comes to the same as one of them.
static const char cloning[] = "while it cloned its waker",
                  dropping[] = "while it dropped a waker",
                  locking[] = "just before it took the lock",
                  unlocked[] = "just after it gave the lock back";

// Of this thread: whether it runs the student's code, how many locks it has in
// there, and what acts at each moment.
static _Thread_local bool watched;
static _Thread_local int held;
static _Thread_local void (*at_moment)(const char *moment);

static void moment(const char *moment)
{
    void (*hook)(const char *) = at_moment;

    if (hook == NULL || held > 0) return;
    at_moment = NULL; // what it does has no such moments
    hook(moment);
    at_moment = hook;
}

int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (watched) {
        expect(held == 0, "The lock was taken by a thread that has it already: "
                          "it would wait for itself for ever. Is there a "
                          "pthread_mutex_unlock too few?");
        moment(locking);
    }
    int error = __real_pthread_mutex_lock(mutex);
    if (watched) held++;
    return error;
}

int __real_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (watched) {
        expect(held > 0, "The lock was given back by a thread that does not "
                         "have it. Is there a pthread_mutex_lock too few?");
        held--;
    }
    int error = __real_pthread_mutex_unlock(mutex);
    if (watched) moment(unlocked);
    return error;
}

// ---------------------------------------------------------------------------
// A task that is polled by hand, with a waker that looks at the lock
// ---------------------------------------------------------------------------

struct waiter {
    const char *name;
    bool strict; // its waker must not be used with the lock held
    int clones, wakes, drops;
};

static void waiter_event(struct waiter *waiter, const char *what)
{
    event(waiter->name, what, "| clones %d, wakes %d, drops %d", waiter->clones,
          waiter->wakes, waiter->drops);
}

static void waiter_clone(void *data)
{
    struct waiter *waiter = data;

    waiter->clones++;
    waiter_event(waiter, "clone");
    expect(!waiter->strict || held == 0,
           "A waker was cloned with flag->lock held. That calls code of "
           "others: clone it first, and then take the lock.");
    moment(cloning);
}

static void waiter_wake(void *data)
{
    struct waiter *waiter = data;

    waiter->wakes++;
    waiter_event(waiter, "wake");
    expect(
        !waiter->strict || held == 0,
        "%s was woken with flag->lock held. An executor may poll the task on "
        "the spot, inside the wake, and the poll wants that lock: the "
        "thread would wait for itself for ever. Take the waker out of the "
        "flag, unlock, and wake it then.",
        waiter->name);
}

static void waiter_drop(void *data)
{
    struct waiter *waiter = data;

    waiter->drops++;
    waiter_event(waiter, "drop");
    expect(!waiter->strict || held == 0,
           "A waker was dropped with flag->lock held. It may be the last of "
           "its task, and what that owned is dropped too, on the spot: "
           "remember the waker, unlock, and drop it then.");
    moment(dropping);
}

static const struct waker_vtable waiter_vtable = { waiter_clone, waiter_wake,
                                                   waiter_drop };

static void expect_unlocked(const char *function)
{
    expect(held == 0,
           "%s returned with flag->lock held: the next who wants it waits for "
           "ever. Unlock on every way out.",
           function);
}

static struct poll poll_by(struct waiter *waiter, struct future *future)
{
    struct waker lent = { &waiter_vtable, waiter };
    struct context cx = { &lent };
    bool outer = watched;

    event(waiter->name, "poll", "| flag_wait_poll is called");
    awaiting("flag_wait_poll to return");
    watched = true;
    struct poll poll = future_poll(future, &cx);
    watched = outer;
    expect_unlocked("flag_wait_poll");
    event(waiter->name, poll.ready ? "ready" : "pending", "| from that poll");
    expect(!poll.ready || poll.value == 0,
           "The future was ready with %ld, and not with 0.", (long)poll.value);
    return poll;
}

static void set(struct flag *flag)
{
    bool outer = watched;

    event("flag", "set", "| flag_set is called");
    awaiting("flag_set to return");
    watched = true;
    flag_set(flag);
    watched = outer;
    expect_unlocked("flag_set");
}

static void expect_pending(struct poll poll, const char *name)
{
    expect(!poll.ready,
           "The future was ready when %s polled it, but nobody has set the "
           "flag.",
           name);
}

static int kept(const struct waiter *waiter)
{
    return waiter->clones - waiter->wakes - waiter->drops;
}

// At the end of a check.
static void release(struct flag *flag, struct future *future, struct waiter *a,
                    struct waiter *b)
{
    struct waiter *waiters[] = { a, b };

    future_drop(future);
    flag_free(flag);
    for (int i = 0; i < 2; i++)
        expect(kept(waiters[i]) == 0,
               "Of %s's waker %d clones were made, but %d woken and %d "
               "dropped: each of them must be given back, once.",
               waiters[i]->name, waiters[i]->clones, waiters[i]->wakes,
               waiters[i]->drops);
}

// ---------------------------------------------------------------------------
// The checks
// ---------------------------------------------------------------------------

CHECK(waits_and_is_woken, 1, "is pending, then woken, then ready")
{
    struct waiter a = { .name = "A" }, b = { .name = "B" };
    struct flag *flag = flag_new();
    struct future *future = flag_wait(flag);

    expect_pending(poll_by(&a, future), "A");
    expect(kept(&a) == 1,
           "A has polled and the future is pending, and %d clones of its waker "
           "are kept. One is needed.",
           kept(&a));
    expect_pending(poll_by(&b, future), "B");
    expect(kept(&b) == 1 && a.wakes == 0,
           "A polled, and then B: %d clones of B's waker are kept, and A was "
           "woken %d times. B waits now, so its waker takes the place of A's.",
           kept(&b), a.wakes);
    expect(kept(&a) == 0,
           "B's waker took the place of A's, and that was not dropped: it is "
           "lost. Remember what was in flag->waker, and drop it.");
    set(flag);
    expect(b.wakes == 1,
           "The flag was set while B waited for it, and B was not woken: it "
           "sleeps for ever.");
    expect(poll_by(&b, future).ready,
           "The flag is set, and yet the future is pending.");
    expect(b.clones == 1,
           "The flag was set from the start of the poll, and the poll has "
           "cloned a waker: look at the flag first, it may be all there is to "
           "do.");
    set(flag);
    expect(b.wakes == 1,
           "B was woken again, though it does not wait any more.");
    release(flag, future, &a, &b);
}

// The flag is set, or the future polled, when so many moments have passed.
static int moments_left;
static const char *moment_then; // NULL until it has come
static struct flag *the_flag;
static struct future *the_future;
static struct waiter *the_waiter;
static struct poll the_poll;

static void set_at_moment(const char *moment)
{
    if (moments_left-- != 0) return;
    moment_then = moment;
    event(the_waiter->name, "moment", "| %s", moment);
    set(the_flag);
}

static void poll_at_moment(const char *moment)
{
    if (moments_left-- != 0) return;
    moment_then = moment;
    event("flag", "moment", "| %s", moment);
    the_poll = poll_by(the_waiter, the_future);
}

// Sets the flag at that moment of a poll by B, before which A may have polled.
// Returns false if there were not so many moments.
static bool set_in_poll(int number, bool replacing)
{
    struct waiter a = { .name = "A" }, b = { .name = "B" };
    struct flag *flag = flag_new();
    struct future *future = flag_wait(flag);

    if (replacing) expect_pending(poll_by(&a, future), "A");
    the_flag = flag;
    the_waiter = &b;
    moments_left = number;
    moment_then = NULL;
    at_moment = set_at_moment;
    struct poll poll = poll_by(&b, future);
    at_moment = NULL;
    if (moment_then == NULL) expect_pending(poll, "B");
    if (moment_then != NULL && !poll.ready && b.wakes == 0) {
        expect(moment_then != cloning,
               "flag_set came in the middle of a poll by B, %s. The poll had "
               "looked at the flag before, and B's waker was not kept yet: the "
               "poll returned POLL_PENDING, and nobody will ever wake B. There "
               "is no second look: take one when the waker is kept.",
               moment_then);
        fail("flag_set came in the middle of a poll by B, %s. B's waker was "
             "not kept yet, and the last look at the flag was over: the poll "
             "returned POLL_PENDING, and nobody will ever wake B. The order "
             "matters: first keep the waker, then look again.",
             moment_then);
    }
    if (!poll.ready)
        expect(moment_then == NULL || poll_by(&b, future).ready,
               "B was woken because the flag was set, but its next poll was "
               "pending.");
    release(flag, future, &a, &b);
    return moment_then != NULL;
}

CHECK(set_during_a_poll, 3, "misses no flag_set that comes during a poll")
{
    for (int number = 0; set_in_poll(number, false); number++) {
    }
    for (int number = 0; set_in_poll(number, true); number++) {
    }
}

// Polls at that moment of a flag_set.
static bool poll_in_set(int number)
{
    struct waiter a = { .name = "A" }, b = { .name = "B" };
    struct flag *flag = flag_new();
    struct future *future = flag_wait(flag);

    the_future = future;
    the_waiter = &a;
    moments_left = number;
    moment_then = NULL;
    at_moment = poll_at_moment;
    set(flag);
    at_moment = NULL;
    if (moment_then != NULL && !the_poll.ready)
        expect(a.wakes > 0,
               "A polled in the middle of flag_set, %s. The flag was not set "
               "yet, so the poll kept the waker and returned POLL_PENDING, but "
               "flag_set looked for it too early: nobody will ever wake A. Set "
               "the flag first, then look for a waker.",
               moment_then);
    release(flag, future, &a, &b);
    return moment_then != NULL;
}

CHECK(poll_during_a_set, 2, "misses no poll that comes during flag_set")
{
    for (int number = 0; poll_in_set(number); number++) {
    }
    struct waiter a = { .name = "A" }, b = { .name = "B" };
    struct flag *flag = flag_new();

    set(flag); // before any poll
    struct future *future = flag_wait(flag);
    expect(poll_by(&a, future).ready,
           "The flag was set before the first poll, and that was pending.");
    release(flag, future, &a, &b);
}

CHECK(free_of_the_lock, 2, "uses no waker while it holds the lock")
{
    struct waiter a = { .name = "A", .strict = true };
    struct waiter b = { .name = "B", .strict = true };
    struct flag *flag = flag_new();
    struct future *future = flag_wait(flag);

    expect_pending(poll_by(&a, future), "A");
    expect_pending(poll_by(&b, future), "B");
    set(flag);
    expect(poll_by(&b, future).ready,
           "The flag is set, and yet the future is pending.");
    release(flag, future, &a, &b);
}

// What two threads share with a third, the thread sanitizer, who shall see only
// the order that the student's code makes: so these are relaxed.
static atomic_int woken, polled;

static void count_wake(void *data)
{
    (void)data;
    atomic_fetch_add_explicit(&woken, 1, memory_order_relaxed);
}

static void count_nothing(void *data)
{
    (void)data;
}

static const struct waker_vtable counting = { count_nothing, count_wake,
                                              count_nothing };

static void *set_soon(void *data)
{
    flag_set(data);
    return NULL;
}

static void *set_after_poll(void *data)
{
    for (int tries = 0; tries < 100000; tries++) {
        if (atomic_load_explicit(&polled, memory_order_relaxed)) break;
        sched_yield();
    }
    return set_soon(data);
}

CHECK(from_another_thread, 1, "may be set by another thread at any time")
{
    int rounds = round_no == 0 ? 40 : 4;

    narration(false);
    for (int round = 0; round < rounds; round++) {
        struct flag *flag = flag_new();
        struct future *future = flag_wait(flag);
        struct waker lent = { &counting, NULL };
        struct context cx = { &lent };
        pthread_t thread;

        atomic_store_explicit(&woken, 0, memory_order_relaxed);
        atomic_store_explicit(&polled, 0, memory_order_relaxed);
        awaiting("flag_wait_poll and flag_set, on two threads, to return");
        if (pthread_create(&thread, NULL,
                           round % 2 == 0 ? set_after_poll : set_soon, flag))
            abort();
        struct poll poll = future_poll(future, &cx);
        atomic_store_explicit(&polled, 1, memory_order_relaxed);
        pthread_join(thread, NULL);
        expect(poll.ready || woken > 0,
               "One thread has polled, and another has set the flag at the "
               "same time. The poll returned POLL_PENDING, and its waker was "
               "not woken.");
        if (!poll.ready) poll = future_poll(future, &cx);
        expect(poll.ready, "The flag is set, and yet the future is pending.");
        future_drop(future);
        flag_free(flag);
    }
}

CHECK(on_the_executor, 1, "wakes a task of the executor of trale.c")
{
    use_trale();
    for (int i = 0; i < 3; i++) {
        struct flag *flag = flag_new();
        struct task_joiner joiner = executor_spawn(flag_wait(flag));

        event("flag", "set", "| flag_set is called");
        awaiting("flag_set to return");
        flag_set(flag);
        awaiting(
            "a task of trale.c to end that waits for a flag, which is set");
        expect(task_joiner_join(&joiner) == 0,
               "The future was ready, but its value is not 0.");
        flag_free(flag);
    }
}
