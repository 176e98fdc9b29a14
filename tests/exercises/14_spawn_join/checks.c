// Checks of exercise 14: spawn and join.
// Sanitizers: address thread
#define _GNU_SOURCE
#include "harness.h"
#include "part_task.h"

#include <unistd.h>

const char exercise_read[] =
    "examples/exercises/14_task.h; trale.c, 'TaskJoiner::join'; trale.c, "
    "'later trale: TaskJoiner::poll'; trale.c, 'executor_loop'";

static struct task *task_of(struct future *handle)
{
    return ((struct handle *)handle)->task;
}

static void expect_freed(void)
{
    expect(tasks_alive == 0,
           "The task is done and its handle is gone, but %d task%s still in "
           "memory: the handle's reference was not given back. handle_drop "
           "calls task_release.",
           tasks_alive, tasks_alive == 1 ? " is" : "s are");
}

static void poll_pending(struct probe *waiter, struct future *handle)
{
    struct poll poll = probe_poll(waiter, handle);

    expect(!poll.ready, "The handle was %s, but its task is not done.",
           outcome(poll));
    expect(waiter->wakes == 0,
           "handle_poll has woken its own task: it would be "
           "polled in vain, without end.");
    expect(probe_held(waiter) == 1,
           "The handle is pending, and %d wakers of the task that awaits it "
           "are kept instead of one.",
           probe_held(waiter));
}

static void expect_output(struct poll poll, intptr_t value)
{
    expect(poll.ready, "The task is done, and the handle is pending.");
    expect(poll.value == value,
           "The output of the task is %s, and the handle "
           "was %s.",
           value_name(value), outcome(poll));
}

CHECK(awaited, 1, "A task that awaits the handle is woken, with the output")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    struct future *handle = spawn(NULL), *other = spawn(NULL);

    poll_pending(a, handle);
    poll_pending(b, other);
    finish(task_of(handle), 7);
    expect(a->wakes == 1,
           "A awaits a task, which is done now, and A was woken "
           "%d times.",
           a->wakes);
    expect(b->wakes == 0, "One task is done, and B was woken, which awaits "
                          "another one.");
    expect_output(probe_poll(a, handle), 7);
    future_drop(handle);
    finish(task_of(other), -1);
    expect_output(probe_poll(b, other), -1);
    future_drop(other);
    expect_freed();
}

CHECK(done_before, 1, "The output may be there before it is asked for")
{
    static const intptr_t values[] = { 0, -1, INTPTR_MAX, INTPTR_MIN,
                                       1L << 40 };

    for (int i = 0; i < 5; i++) {
        struct probe *a = probe_new("A");
        struct future *handle = spawn(NULL), *joined = spawn(NULL);
        finish(task_of(handle), values[i]);
        expect_output(probe_poll(a, handle), values[i]);
        future_drop(handle);
        expect(probe_held(a) == 0,
               "The handle was ready and is dropped, and a "
               "waker of the task that awaited it is kept.");
        expect(a->wakes == 0, "A task was woken whose handle was ready.");
        finish(task_of(joined), values[i]);
        intptr_t value = join(joined);
        expect(value == values[i],
               "The output of a task is %s, and handle_join returned %s.",
               value_name(values[i]), value_name(value));
        expect_freed();
    }
}

CHECK(latest_wins, 1, "Who polled the handle last is woken")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    struct future *handle = spawn(NULL);

    poll_pending(a, handle);
    poll_pending(b, handle);
    expect(probe_held(a) == 0, "B has polled the handle after A, and the waker "
                               "of A is kept, or lost: drop it.");
    poll_pending(b, handle);
    finish(task_of(handle), 3);
    expect(a->wakes == 0 && b->wakes == 1,
           "B has polled the handle last, and A was woken %d times and B %d "
           "times.",
           a->wakes, b->wakes);
    expect_output(probe_poll(b, handle), 3);
    future_drop(handle);
    expect_freed();
}

CHECK(detached, 1, "Dropped, the handle gives back what it has")
{
    for (int polls = 0; polls < 2; polls++) {
        struct probe *a = probe_new("A");
        struct future *handle = spawn(NULL);
        struct task *task = task_of(handle);

        if (polls == 1) poll_pending(a, handle);
        probe_drop(a, handle);
        expect(probe_held(a) == 0,
               "The handle was dropped while A awaited it, and a waker of A is "
               "still kept: nobody waits any more.");
        expect(tasks_alive == 1,
               "The handle was dropped, and the task with "
               "it: it runs on, and only its output is lost.");
        finish(task, 5);
        expect(a->wakes == 0, "The handle was dropped, and yet A was woken.");
        expect_freed();
    }
}

// ---------------------------------------------------------------------------
// What comes between two of the student's lines
// ---------------------------------------------------------------------------

static int moments_left;
static const char *moment_then; // NULL until it has come
static struct future *the_handle;
static struct task *the_task;
static struct probe *the_waiter;
static struct poll the_poll;

static void finish_at_moment(const char *moment)
{
    if (moments_left-- != 0) return;
    moment_then = moment;
    event("task", "moment", "| of handle_poll, %s", moment);
    finish(the_task, 9);
}

static void poll_at_moment(const char *moment)
{
    if (moments_left-- != 0) return;
    moment_then = moment;
    event("task", "moment", "| of task_finish, %s", moment);
    the_poll = probe_poll(the_waiter, the_handle);
}

static void begin(int moment, void (*hook)(const char *))
{
    the_handle = spawn(NULL);
    the_task = task_of(the_handle);
    the_waiter = probe_new("A");
    moments_left = moment;
    moment_then = NULL;
    at_moment = hook;
}

CHECK(at_any_moment, 1, "No end is missed, at whatever moment it comes")
{
    for (int number = 0;; number++) {
        begin(number, finish_at_moment);
        struct poll poll = probe_poll(the_waiter, the_handle);
        at_moment = NULL;
        if (moment_then == NULL) {
            finish(the_task, 9);
            future_drop(the_handle);
            break;
        }
        expect(poll.ready || the_waiter->wakes > 0,
               "The task was done in the middle of handle_poll, %s. The poll "
               "is pending, and task_finish has found no waker: nobody will "
               "ever wake the task that awaits it. Leave the waker and look in "
               "one step, under the lock.",
               moment_then);
        if (!poll.ready) expect_output(probe_poll(the_waiter, the_handle), 9);
        future_drop(the_handle);
    }
    for (int number = 0;; number++) {
        begin(number, poll_at_moment);
        finish(the_task, 9);
        at_moment = NULL;
        expect(moment_then == NULL || the_poll.ready || the_waiter->wakes > 0,
               "A polled the handle in the middle of task_finish, %s, and was "
               "pending, but it was not woken.",
               moment_then);
        future_drop(the_handle);
        if (moment_then == NULL) break;
    }
    expect_freed();
}

CHECK(unlocked, 1, "No waker is used while the lock is held")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    struct future *handle = spawn(NULL), *dropped = spawn(NULL);

    strict_locks = true;
    poll_pending(a, handle);
    poll_pending(b, handle);
    finish(task_of(handle), 1);
    expect_output(probe_poll(b, handle), 1);
    probe_drop(b, handle);
    poll_pending(a, dropped);
    struct task *task = task_of(dropped);
    probe_drop(a, dropped);
    finish(task, 1);
    strict_locks = false;
}

// The task that awaits is polled inside the wake, and drops the handle there.
CHECK(woken_on_the_spot, 1, "A task may be polled inside its wake")
{
    struct probe *a = probe_new("A");
    struct future *handle = spawn(NULL);

    poll_pending(a, handle);
    a->eager = handle;
    finish(task_of(handle), 4);
    expect(a->spots == 1, "A was woken %d times.", a->spots);
    expect_output(a->spot, 4);
    expect_freed();
}

// ---------------------------------------------------------------------------
// Joined from outside
// ---------------------------------------------------------------------------

static pid_t caller;
static atomic_bool late_over;
static _Atomic pid_t late_tid;
static pthread_t late;
static bool late_runs;

static bool waits_by_condition, awaited_too;
static atomic_bool join_over;

static void note_wait(void)
{
    waits_by_condition = true;
}

static void *finish_when_asleep(void *data)
{
    if (!falls_asleep(caller))
        fail("handle_join does not sleep until the task is done: it has used "
             "50 ms of processor time, that is, it spins. Let it sleep in "
             "pthread_cond_wait.");
    finish(data, 6);
    if (!ends_before_it_sleeps(caller, &join_over))
        fail(awaited_too
                 ? "A task had polled the handle, and then a thread joined it. "
                   "The task is done, and the thread still sleeps: whoever is "
                   "woken, the condition is signalled too."
                 : "A thread has joined a task, which is done now, and the "
                   "thread still sleeps: task_finish sets the output and "
                   "signals task->done.");
    return NULL;
}

static void *finish_late(void *data)
{
    late_tid = gettid();
    finish(data, 6);
    late_over = true;
    return NULL;
}

// handle_join is about to sleep, with the lock.
static void finish_before_the_sleep(void)
{
    if (late_runs) return;
    event("task", "moment", "| just before pthread_cond_wait sleeps");
    if (pthread_create(&late, NULL, finish_late, the_task)) abort();
    late_runs = true;
    while (late_tid == 0 && !late_over) sleep_ms(1);
    expect(!late_over && !ends_before_it_sleeps(late_tid, &late_over),
           "The task was done when handle_join had looked at the output and "
           "was about to sleep, with the lock held. task_finish did not wait "
           "for that lock: nobody will see what it has set, and its signal "
           "found nobody asleep.");
}

CHECK(joined, 2, "A thread that joins sleeps until the task is done")
{
    pthread_t thread;

    many_threads = true;
    caller = gettid();
    struct future *handles[] = { spawn(NULL), spawn(NULL) };
    poll_apart(handles[0], handles[1]);
    for (int i = 0; i < 2; i++) finish(task_of(handles[i]), 1);
    for (int i = 0; i < 2; i++) future_drop(handles[i]);
    the_handle = spawn(NULL);
    the_task = task_of(the_handle);
    if (pthread_create(&thread, NULL, finish_when_asleep, the_task)) abort();
    at_wait = note_wait;
    join_over = false;
    intptr_t value = join(the_handle);
    join_over = true;
    expect(value == 6, "The output is 6, and handle_join returned %s.",
           value_name(value));
    at_wait = NULL;
    pthread_join(thread, NULL);
    expect_freed();

    // A task has polled the handle before, and then a thread joins it.
    struct probe *a = probe_new("A");
    the_handle = spawn(NULL);
    the_task = task_of(the_handle);
    poll_pending(a, the_handle);
    awaited_too = true;
    join_over = false;
    if (pthread_create(&thread, NULL, finish_when_asleep, the_task)) abort();
    value = join(the_handle);
    join_over = true;
    expect(value == 6, "The output is 6, and handle_join returned %s.",
           value_name(value));
    pthread_join(thread, NULL);
    awaited_too = false;
    expect_freed();

    // Once more, when it has looked and does not sleep yet. (Who sleeps in
    // another way than pthread_cond_wait has no such moment.)
    the_handle = spawn(NULL);
    the_task = task_of(the_handle);
    late_runs = false;
    late_over = false;
    late_tid = 0;
    if (waits_by_condition) {
        at_wait = finish_before_the_sleep;
        value = join(the_handle);
        at_wait = NULL;
        expect(value == 6, "The output is 6, and handle_join returned %s.",
               value_name(value));
        pthread_join(late, NULL);
    } else {
        finish(the_task, 6);
        join(the_handle);
    }
    expect_freed();
    many_threads = false;
}
