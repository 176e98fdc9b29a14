// Checks of exercise 06: wake once, during a poll, after the end.
// Sanitizers: address thread
#include "part_task.h"

#include "harness.h"

#include <sched.h>

const char exercise_read[] =
    "examples/exercises/06_task.h; trale.c, 'It follows eight rules'; "
    "NOTES.md, 'Invariants and states'";

static void wake(struct task *task)
{
    struct waker waker = task_waker(task);

    event(task->name, "wake", "| task_wake is called");
    awaiting("task_wake(%s) to return", task->name);
    waker_wake(&waker);
}

// Of a task with a script; the script does not mind a poll after each.
static void wake_script(struct task *task, struct script *script)
{
    script->wakes++;
    wake(task);
}

static void expect_polled(struct script *script, int polls)
{
    expect(expect_step(), "step returned false, but %s was in the queue.",
           script->name);
    expect(script->polls == polls, "%s was polled %d times, and not %d.",
           script->name, script->polls, polls);
}

static void expect_queue_empty(const char *name)
{
    expect(queue_length() == 0,
           "%s is pending, and nobody has woken it, and yet it is in the "
           "queue: it would be polled in vain, again and again. Only a wake "
           "puts a task there.",
           name);
    expect(!expect_step(), "step returned true for an empty queue.");
}

CHECK(runs, 1, "A task is polled when it is new, and when it was woken")
{
    struct script *a = script_new("A", "kkr", 0);
    struct task *task;

    expect(!expect_step(), "step returned true for an empty queue.");
    task = spawn("A", a->future);
    expect_polled(a, 1);
    for (int polls = 2; polls <= 3; polls++) {
        expect_queue_empty("A");
        script_wake(a);
        expect(task_queued(task),
               "A was pending and has been woken, but is not in the queue: "
               "nobody will ever poll it again.");
        expect_polled(a, polls);
    }
    expect(!expect_step(), "step returned true for an empty queue.");
    task_forget(task);
}

CHECK(queued_once, 2, "A task is queued once, however often it is woken")
{
    struct script *a = script_new("A", "kr", 0), *b = script_new("B", "kr", 0);
    struct task *task_a = spawn("A", a->future), *task_b;

    task_b = spawn("B", b->future);
    wake_script(task_a, a); // it is new and has not been polled yet
    for (int polls = 1; polls <= 2; polls++) {
        expect_step();
        expect(b->polls == polls - 1,
               "A came into the queue before B, but B was polled before A. A "
               "wake does not change the place of a task that is there.");
        expect_step();
        expect(a->polls == polls && b->polls == polls,
               "A and B were queued and step was called twice, but A was "
               "polled %d times and B %d times, and not %d times each.",
               a->polls, b->polls, polls);
        if (polls == 2) break;
        expect_queue_empty("A");
        wake_script(task_a, a);
        wake_script(task_b, b);
        for (int i = 0; i < 3; i++) wake_script(task_a, a);
        expect(queue_length() == 2,
               "A and B were woken, A four times, and the queue has %d places "
               "taken instead of 2.",
               queue_length());
    }
    task_forget(task_a);
    task_forget(task_b);
}

CHECK(during_a_poll, 2, "No wake that comes during a poll is lost")
{
    static const char *const who[] = { "by itself", "by another thread" };
    struct script *a = script_new("A", "ydkr", 0);
    struct task *task = spawn("A", a->future);

    for (int i = 0; i < 2; i++) {
        expect_polled(a, i + 1);
        expect(task_queued(task),
               "A was woken during its poll, %s, and is not in the queue now: "
               "the wake is lost, and A sleeps for ever. When the poll begins, "
               "its state must say already that a wake has something to do.",
               who[i]);
    }
    expect_polled(a, 3);
    expect_queue_empty("A");
    script_wake(a);
    expect_polled(a, 4);
    task_forget(task);
}

static void wake_in_last_poll(struct script *script)
{
    if (script->polls == 2) wake_script(script->data, script);
}

CHECK(at_the_end, 2, "A task that is done is never queued again")
{
    struct script *a = script_new("A", "kr", 0), *b = script_new("B", "r", 0);
    struct task *task_a = spawn("A", a->future), *task_b;
    struct waker late = task_waker(task_a);

    a->on_poll = wake_in_last_poll;
    a->data = task_a;
    expect_polled(a, 1);
    script_wake(a);
    expect_polled(a, 2);
    event("A", "wake", "| after its end");
    awaiting("task_wake(A) to return");
    waker_wake(&late);
    expect(!expect_step(), "step returned true for an empty queue.");
    task_b = spawn("B", b->future);
    expect_polled(b, 1);
    wake(task_a);
    wake(task_b);
    expect(!expect_step(), "step returned true for an empty queue.");
    task_forget(task_a);
    task_forget(task_b);
}

// The wake that comes at a certain moment: when so many others have passed.
static struct script *script_to_wake;
static struct task *task_to_wake;
static int moments_left, polls_then;
static const char *moment_then; // NULL until it has come

static void wake_at_moment(const char *moment)
{
    if (moments_left-- != 0) return;
    moment_then = moment;
    polls_then = script_to_wake->polls;
    event(task_to_wake->name, "moment", "| %s", moment_then);
    wake_script(task_to_wake, script_to_wake);
}

static void choose_moment(struct task *task, struct script *script, int moment)
{
    task_to_wake = task;
    script_to_wake = script;
    moments_left = moment;
    moment_then = NULL;
    at_moment = wake_at_moment;
    in_between = true;
}

static void no_moment(void)
{
    at_moment = NULL;
    in_between = false;
}

// Wakes a task at that moment of a step, in which it is polled, and perhaps
// again between that step and the next. Returns false if the step had not so
// many moments.
static bool wake_in_step(const char *steps, int moment, bool again)
{
    struct script *script = script_new("A", steps, 0);
    struct script *other = script_new("B", "kkkkk", 0);
    struct task *task = spawn("A", script->future);
    struct task *behind = spawn("B", other->future);

    choose_moment(task, script, moment);
    expect_step();
    no_moment();
    if (again) wake_script(task, script);
    if (moment_then != NULL && !script->ended)
        expect(script->polls > polls_then || task_queued(task),
               "A was woken by another thread while step was under way, %s. "
               "Since then no poll of it has begun, and it is not in the "
               "queue: the wake is lost. What is asked about a task and what "
               "is then changed belong together, under the lock.",
               moment_then);
    expect(!script->ended || !task_queued(task),
           "A is done, and is in the queue again after it was woken once "
           "more, between a step and the next.");
    while (expect_step()) {
    }
    expect(other->polls == 1, "B was polled %d times, and nobody woke it.",
           other->polls);
    task_forget(task);
    task_forget(behind);
    return moment_then != NULL;
}

CHECK(at_any_moment, 1, "No wake is lost or doubled, whenever it comes")
{
    struct script *a = script_new("A", "kkkkkkkkkkkkkkkk", 0);
    struct task *task = spawn("A", a->future);

    expect_polled(a, 1);
    for (int moment = 0;; moment++) {
        struct waker waker = task_waker(task);

        a->wakes++;
        choose_moment(task, a, moment);
        awaiting("two calls of task_wake(A), at the same moment, to return");
        waker_wake(&waker);
        no_moment();
        expect(queue_length() == 1,
               "A was woken twice at the same moment, and is in the queue %d "
               "times.",
               queue_length());
        expect_polled(a, moment + 2);
        if (moment_then == NULL) break;
    }
    task_forget(task);
    for (int again = 0; again < 2; again++) {
        for (int moment = 0; wake_in_step("kkkk", moment, again); moment++) {
        }
        for (int moment = 0; wake_in_step("r", moment, again); moment++) {
        }
        for (int moment = 0; wake_in_step("yr", moment, again); moment++) {
        }
    }
}

// A future that is ready after the last wake.
enum { THREADS = 4, WAKES = 20 };

static struct task *storm_task;
static atomic_int storm_polls, storm_wakes, storm_threads_over;

static struct poll storm_poll(struct future *future, struct context *cx)
{
    (void)future;
    (void)cx;
    atomic_fetch_add_explicit(&storm_polls, 1, memory_order_relaxed);
    return storm_wakes == THREADS * WAKES ? POLL_READY(0) : POLL_PENDING;
}

// Each wake comes after a poll, if that comes soon. How the thread learns of it
// orders nothing (relaxed), so the thread sanitizer sees what the lock does.
static void *storm_thread(void *data)
{
    int seen = 0;

    for (int i = 0; i < WAKES; i++) {
        struct waker waker = task_waker(storm_task);
        int polls = seen;

        for (int tries = 0; tries < 300 && polls == seen; tries++) {
            sched_yield();
            polls = atomic_load_explicit(&storm_polls, memory_order_relaxed);
        }
        seen = polls;
        storm_wakes++;
        waker_wake(&waker);
    }
    storm_threads_over++;
    return data;
}

CHECK(from_threads, 1, "Four threads may wake a task at the same time")
{
    static const struct future_vtable vtable = { "storm", storm_poll, NULL };
    pthread_t threads[THREADS];

    narration(false);
    many_threads = true;
    storm_polls = storm_wakes = storm_threads_over = 0;
    storm_task = spawn("storm", future_new(sizeof(struct future), &vtable));
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, storm_thread, NULL)) abort();
    while (!task_over(storm_task)) {
        while (storm_threads_over < THREADS && queue_length() == 0)
            sched_yield();
        expect(expect_step(),
               "Four threads have woken a task %d times in all, and then it is "
               "not in the queue, though it has not been polled since the last "
               "wake.",
               THREADS * WAKES);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    expect(!expect_step(), "step returned true for an empty queue.");
    task_forget(storm_task);
    many_threads = false;
}

static bool is_queued(void *data)
{
    (void)data;
    return queue_length() > 0;
}

CHECK(with_the_reactor, 1, "It runs timers that the reactor of trale.c wakes")
{
    struct task *tasks[3];
    int left = 3;

    use_trale();
    many_threads = true;
    for (int i = 0; i < 3; i++) {
        struct duration duration = { (round_no == 0 ? 1000000 : 100000) * i };

        tasks[i] = spawn("timer", timer_sleep(duration));
    }
    while (left > 0) {
        awaiting("one of %d timers of trale.c to be queued again", left);
        wait_until(is_queued, NULL);
        expect_step();
        left = 3;
        for (int i = 0; i < 3; i++) left -= task_over(tasks[i]);
    }
    for (int i = 0; i < 3; i++) task_forget(tasks[i]);
    many_threads = false;
}

// In whatever order they are woken, they are polled in that order.
CHECK(many, 1, "Forty tasks keep their order, and have their ends")
{
    struct script *scripts[40];
    struct task *tasks[40];

    for (int i = 0; i < 40; i++) {
        scripts[i] = script_new(i % 2 ? "B" : "A", "kr", 0);
        tasks[i] = spawn(scripts[i]->name, scripts[i]->future);
    }
    for (int i = 0; i < 40; i++) expect_polled(scripts[i], 1);
    expect(!expect_step(), "step returned true for an empty queue.");
    for (int i = 39; i >= 0; i--) {
        wake_script(tasks[i], scripts[i]);
        wake_script(tasks[39], scripts[39]); // keeps its place
    }
    for (int i = 39; i >= 0; i--) {
        expect_step();
        expect(scripts[i]->ended,
               "Forty tasks were woken, the youngest first, and were polled in "
               "another order.");
    }
    for (int i = 0; i < 40; i++) wake(tasks[i]);
    expect(!expect_step(), "step returned true for an empty queue.");
    for (int i = 0; i < 40; i++) task_forget(tasks[i]);
}
