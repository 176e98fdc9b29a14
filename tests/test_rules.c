// The rules of trale.c, one by one, as a class may break them. These tests run
// first, and each says in a sentence what broke and where to look. The other
// suites ask for more, and say less.
#include "test.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// Whether it comes true within a second, while the executor runs.
static bool soon(bool (*condition)(void *data), void *data)
{
    const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");
    double end = now() + (multiplier != NULL ? atof(multiplier) : 1);

    while (!condition(data) && now() < end) sleep_for(0.001);
    return condition(data);
}

// Starts the executor, and waits until it sleeps.
static void start_executor(void)
{
    struct task_joiner joiner = executor_spawn(ready(0));
    task_joiner_drop(&joiner);
    ck_assert_msg(soon(executor_sleeps, NULL),
                  "the first task was spawned, and the executor never slept "
                  "again: it sleeps while the run-queue is empty");
}

// ---------------------------------------------------------------------------
// A task that keeps two wakers, one of them for the test
// ---------------------------------------------------------------------------

struct probe {
    struct waker waker, spare;
    atomic_int polls;
    bool wakes_itself; // in its first poll
    bool ends;         // in its first poll
};

static struct poll probe_poll(void *data, struct context *cx)
{
    struct probe *self = data;
    bool first = self->polls == 0;

    if (first) self->waker = waker_clone(cx->waker);
    if (first) self->spare = waker_clone(cx->waker);
    if (first && self->wakes_itself) {
        struct waker waker = waker_clone(cx->waker);
        waker_wake(&waker);
    }
    self->polls++;
    return first && self->ends ? POLL_READY(1) : POLL_PENDING;
}

static bool polled_once(void *data)
{
    return ((struct probe *)data)->polls >= 1;
}

static bool polled_twice(void *data)
{
    return ((struct probe *)data)->polls >= 2;
}

static void probe_start(struct probe *probe)
{
    struct task_joiner joiner =
        executor_spawn(poll_fn(probe_poll, NULL, probe));

    task_joiner_drop(&joiner);
}

// ---------------------------------------------------------------------------
// The rules
// ---------------------------------------------------------------------------

// A task is spawned while the executor sleeps.
START_TEST(test_spawn_signals)
{
    static struct probe probe;

    start_executor();
    probe_start(&probe);
    ck_assert_msg(soon(polled_once, &probe),
                  "a task was spawned while the executor slept, and it sleeps "
                  "on: who puts a task on the run-queue signals executor.cv");
}
END_TEST

// A task is woken while the executor sleeps.
START_TEST(test_wake_signals)
{
    static struct probe probe;

    probe_start(&probe);
    ck_assert_msg(soon(polled_once, &probe) && soon(executor_sleeps, NULL),
                  "the first task was not polled, or the executor does not "
                  "sleep after it");
    waker_wake(&probe.waker);
    ck_assert_msg(soon(polled_twice, &probe),
                  "a task was woken while the executor slept, and it sleeps "
                  "on: who puts a task on the run-queue signals executor.cv");
}
END_TEST

// A task is woken while it is polled.
START_TEST(test_rule_2)
{
    static struct probe probe = { .wakes_itself = true };

    probe_start(&probe);
    ck_assert_msg(
        soon(polled_twice, &probe),
        "a task was woken while it was polled, and the wake was lost: "
        "the task must be on the wait-queue before its poll (rule 2)");
}
END_TEST

// What happens to a task that is done and then woken. The executor may do
// anything with it, so this is a child process.
static void wake_what_is_done(void)
{
    static struct probe probe = { .ends = true };
    struct task_joiner joiner =
        executor_spawn(poll_fn(probe_poll, NULL, &probe));

    task_joiner_join(&joiner);
    waker_wake(&probe.waker);
    executor_block_on(ready(1));
    _exit(probe.polls != 1);
}

START_TEST(test_rule_3)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) _exit(2);
        signal(SIGABRT, SIG_DFL);
        wake_what_is_done();
    }
    double end = now() + 2;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (now() < end) sleep_for(0.001);
        if (now() >= end) kill(child, SIGKILL);
    }
    ck_assert_msg(status == 0,
                  "a task that was done was woken, and that put it on the "
                  "run-queue again: only a task on the wait-queue is moved "
                  "(rule 3)");
}
END_TEST

// Three tasks that note when they are polled. The first waits for the others to
// be spawned.
static int order[3], polled;
static sem_t first_polled, all_spawned;

static struct poll note_poll(void *data, struct context *cx)
{
    (void)cx;
    if (*(int *)data == 0) sem_post(&first_polled);
    if (*(int *)data == 0)
        while (sem_wait(&all_spawned) != 0) continue;
    order[polled++] = *(int *)data;
    return POLL_READY(0);
}

START_TEST(test_rule_5)
{
    static int numbers[] = { 0, 1, 2 };
    struct task_joiner joiners[3];

    sem_init(&first_polled, 0, 0);
    sem_init(&all_spawned, 0, 0);
    for (int i = 0; i < 3; i++) {
        joiners[i] = executor_spawn(poll_fn(note_poll, NULL, &numbers[i]));
        if (i == 0)
            while (sem_wait(&first_polled) != 0) continue;
    }
    sem_post(&all_spawned);
    for (int i = 0; i < 3; i++) task_joiner_join(&joiners[i]);
    ck_assert_msg(order[0] == 0 && order[1] == 1 && order[2] == 2,
                  "tasks 1, 2, 3 were spawned, and polled as %d, %d, %d: the "
                  "oldest task of the run-queue must be the next, or it may "
                  "starve (rule 5)",
                  order[0] + 1, order[1] + 1, order[2] + 1);
}
END_TEST

// A waker of nobody's that counts how many of it there are.
static void count_up(void *data)
{
    (*(atomic_int *)data)++;
}

static void count_down(void *data)
{
    (*(atomic_int *)data)--;
}

static const struct waker_vtable counted_vtable = { count_up, count_down,
                                                    count_down };

// A sleep is polled and then dropped: nothing of it must be left.
START_TEST(test_rule_7)
{
    atomic_int wakers = 1;
    struct waker waker = { &counted_vtable, &wakers };
    struct future *sleep = timer_sleep(duration_from_secs(3600));
    struct poll poll = future_poll(sleep, &(struct context){ &waker });

    ck_assert_msg(!poll.ready, "a sleep of an hour was ready at once");
    ck_assert_msg(wakers == 2,
                  "a sleep was polled, and nobody keeps a clone of its waker");
    future_drop(sleep);
    ck_assert_msg(wakers == 1,
                  "a sleep was dropped, and the reactor still has its waker: a "
                  "future calls reactor_deregister_waker before it closes its "
                  "descriptor (rule 7)");
}
END_TEST

// Pending, and nobody was given a waker.
static struct poll lost_poll(void *data, struct context *cx)
{
    (void)data, (void)cx;
    return POLL_PENDING;
}

static void lose_a_task(void)
{
    executor_block_on(poll_fn(lost_poll, NULL, NULL));
}

START_TEST(test_rule_8)
{
    assert_dies(lose_a_task, "nobody holds a waker of it any more");
}
END_TEST

Suite *rules_suite(void)
{
    Suite *suite = suite_create("rules");

    add_test(suite, test_rule_2, 4);
    add_test(suite, test_rule_3, 4);
    add_test(suite, test_rule_5, 4);
    add_test(suite, test_rule_7, 4);
    add_test(suite, test_rule_8, 4);
    add_test(suite, test_spawn_signals, 4);
    add_test(suite, test_wake_signals, 4);
    return suite;
}
