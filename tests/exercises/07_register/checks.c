// Checks of exercise 07: register, then check again.
// Sanitizers: address thread
#include "checks.h"
#include "harness.h"

#include <sched.h>

const char exercise_read[] =
    "examples/exercises/07_flag.h; trale.c, 'later trale: TaskJoiner::poll'; "
    "trale.c, 'reactor/mod.rs: the reactor'; trale.c, 'It follows eight "
    "rules', rule 6";

// A flag, and the future that waits for it. The lock guards the waker.
static struct flag *the_flag;
static struct future *the_future;

static void flag_begin(void)
{
    the_flag = flag_new();
    the_future = flag_wait(the_flag);
    guard(&the_flag->waker, sizeof(the_flag->waker), "flag->waker");
}

static void flag_end(void)
{
    unguard(&the_flag->waker);
    if (the_future != NULL) future_drop(the_future);
    flag_free(the_flag);
}

static struct poll poll_by(struct probe *task)
{
    struct poll poll = probe_poll(task, the_future);

    expect(!poll.ready || poll.value == 0,
           "The future was %s, and not ready with 0.", outcome(poll));
    return poll;
}

static void set(struct flag *flag)
{
    struct call outer = enter("flag_set");

    event("flag", "set", "| flag_set is called");
    awaiting("flag_set to return");
    flag_set(flag);
    leave(outer);
    awaiting("%s", "");
}

static void poll_pending(struct probe *task)
{
    expect(!poll_by(task).ready,
           "The future was ready when %s polled it, but nobody has set the "
           "flag.",
           task->name);
}

CHECK(waits_and_is_woken, 1, "It is pending, then woken, then ready")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");

    flag_begin();
    poll_pending(a);
    expect(probe_held(a) == 1,
           "A has polled and the future is pending, and %d clones of its waker "
           "are kept. One is needed.",
           probe_held(a));
    poll_pending(b);
    expect(probe_held(b) == 1 && a->wakes == 0,
           "A polled, and then B: %d clones of B's waker are kept, and A was "
           "woken %d times. B waits now, so its waker takes the place of A's.",
           probe_held(b), a->wakes);
    expect(probe_held(a) == 0,
           "B's waker took the place of A's, and that was not dropped: it is "
           "lost. Remember what was in flag->waker, and drop it.");
    set(the_flag);
    expect(b->wakes == 1,
           "The flag was set while B waited for it, and B was not woken: it "
           "sleeps for ever.");
    expect(poll_by(b).ready, "The flag is set, and yet the future is pending.");
    expect(b->clones == 1,
           "The flag was set from the start of the poll, and the poll has "
           "cloned a waker: look at the flag first, it may be all there is to "
           "do.");
    set(the_flag);
    expect(b->wakes == 1,
           "B was woken again, though it does not wait any more.");
    flag_end();
}

CHECK(two_flags, 1, "Two flags do not disturb each other")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");

    flag_begin();
    struct flag *first = the_flag;
    struct future *waits = the_future;
    poll_pending(a);
    flag_begin();
    poll_pending(b);
    set(first);
    expect(a->wakes == 1 && b->wakes == 0,
           "A and B wait for two flags. A's was set, and A was woken %d times "
           "and B %d times.",
           a->wakes, b->wakes);
    poll_pending(b);
    probe_drop(b, the_future); // which takes the waker along
    the_future = NULL;
    set(the_flag);
    expect(b->wakes == 0, "B's future was dropped, and then B was woken.");
    flag_end();
    the_flag = first;
    the_future = waits;
    expect(poll_by(a).ready, "A's flag is set, and its future is pending.");
    flag_end();
}

// ---------------------------------------------------------------------------
// What comes between two of the student's lines
// ---------------------------------------------------------------------------

// The flag is set, or the future polled, when so many moments have passed.
static int moments_left;
static const char *moment_then; // NULL until it has come
static struct probe *the_task;
static struct poll the_poll;

static void set_at_moment(const char *moment)
{
    if (moments_left-- != 0) return;
    moment_then = moment;
    event(the_task->name, "moment", "| %s", moment);
    set(the_flag);
}

static void poll_at_moment(const char *moment)
{
    if (moments_left-- != 0) return;
    moment_then = moment;
    event("flag", "moment", "| %s", moment);
    the_poll = poll_by(the_task);
}

// Sets the flag at that moment of a poll by B, before which A may have polled.
// Returns false if there were not so many moments.
static bool set_in_poll(int number, bool replacing)
{
    struct probe *a = probe_new("A"), *b = probe_new("B");

    flag_begin();
    if (replacing) poll_pending(a);
    the_task = b;
    moments_left = number;
    moment_then = NULL;
    at_moment = set_at_moment;
    struct poll poll = poll_by(b);
    at_moment = NULL;
    expect(moment_then != NULL || !poll.ready,
           "The future was ready when B polled it, but nobody has set the "
           "flag.");
    if (moment_then != NULL && !poll.ready && b->wakes == 0) {
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
        expect(moment_then == NULL || poll_by(b).ready,
               "B was woken because the flag was set, but its next poll was "
               "pending.");
    flag_end();
    return moment_then != NULL;
}

CHECK(set_during_a_poll, 2, "No flag_set is missed that comes during a poll")
{
    for (int number = 0; set_in_poll(number, false); number++) {
    }
    for (int number = 0; set_in_poll(number, true); number++) {
    }
}

// Polls at that moment of a flag_set.
static bool poll_in_set(int number)
{
    struct probe *a = probe_new("A");

    flag_begin();
    the_task = a;
    moments_left = number;
    moment_then = NULL;
    at_moment = poll_at_moment;
    set(the_flag);
    at_moment = NULL;
    if (moment_then != NULL && !the_poll.ready)
        expect(a->wakes > 0,
               "A polled in the middle of flag_set, %s. The flag was not set "
               "yet, so the poll kept the waker and returned POLL_PENDING, but "
               "flag_set looked for it too early: nobody will ever wake A. Set "
               "the flag first, then look for a waker.",
               moment_then);
    flag_end();
    return moment_then != NULL;
}

CHECK(poll_during_a_set, 1, "No poll is missed that comes during flag_set")
{
    for (int number = 0; poll_in_set(number); number++) {
    }
    struct probe *a = probe_new("A");
    flag_begin();
    set(the_flag); // before any poll
    expect(poll_by(a).ready,
           "The flag was set before the first poll, and that was pending.");
    flag_end();
}

CHECK(free_of_the_lock, 2, "No waker is used while the lock is held")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");

    strict_locks = true;
    flag_begin();
    poll_pending(a);
    poll_pending(b);
    set(the_flag);
    expect(poll_by(b).ready, "The flag is set, and yet the future is pending.");
    flag_end();
    strict_locks = false;
}

CHECK(woken_on_the_spot, 1, "A task may be polled inside its wake")
{
    struct probe *task = probe_new("A");

    flag_begin();
    poll_pending(task);
    task->eager = the_future;
    set(the_flag);
    expect(task->spots == 1, "The flag was set, and its task woken %d times.",
           task->spots);
    expect(task->spot.ready,
           "flag_set woke A before the flag was set. A was polled at once, "
           "inside that wake, and was pending: nobody will ever wake it. Set "
           "the flag first.");
    the_future = NULL; // it was dropped there
    flag_end();
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
    struct call outer = enter("flag_set");

    flag_set(data);
    leave(outer);
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

CHECK(from_another_thread, 1, "Another thread may set it at any time")
{
    int rounds = round_no == 0 ? 40 : 4;
    struct flag *flags[] = { flag_new(), flag_new() };
    struct future *waits[] = { flag_wait(flags[0]), flag_wait(flags[1]) };

    poll_apart(waits[0], waits[1]);
    for (int i = 0; i < 2; i++) future_drop(waits[i]);
    for (int i = 0; i < 2; i++) flag_free(flags[i]);
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
        struct call outer = enter("flag_wait_poll");
        struct poll poll = future_poll(future, &cx);
        leave(outer);
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

CHECK(on_the_executor, 1, "It wakes a task of the executor of trale.c")
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
