// The executor: what a wake does and what it does not, and the life of a task
// from spawn to join.
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// What these tests share
// ---------------------------------------------------------------------------

enum { CREW_MAX = 16 };

struct hand {
    pthread_t thread;
    pthread_barrier_t *start;
    void (*body)(int number);
    int number;
};

static void *hand_main(void *data)
{
    struct hand *self = data;

    pthread_barrier_wait(self->start);
    self->body(self->number);
    return NULL;
}

// Runs body(0) to body(n - 1) on a thread each, all at once, until they end.
static void on_threads(int n, void (*body)(int number))
{
    struct hand hands[CREW_MAX];
    pthread_barrier_t start;

    ck_assert_int_le(n, CREW_MAX);
    pthread_barrier_init(&start, NULL, (unsigned)n);
    for (int i = 0; i < n; i++) {
        hands[i] = (struct hand){ .start = &start, .body = body, .number = i };
        int error =
            pthread_create(&hands[i].thread, NULL, hand_main, &hands[i]);
        ck_assert_int_eq(error, 0);
    }
    for (int i = 0; i < n; i++) pthread_join(hands[i].thread, NULL);
    pthread_barrier_destroy(&start);
}

// Waits for a semaphore, whatever interrupts it.
static void sem_take(sem_t *sem)
{
    while (sem_wait(sem) != 0) continue;
}

// A task to look into. It is pending, its latest waker in `waker`, until `end`
// is set and it is woken. Its output is the number of its polls.
struct probe {
    pthread_mutex_t lock;
    struct waker waker; // guarded by the lock
    atomic_int polls, drops;
    atomic_bool end;
};

static struct poll probe_poll(void *data, struct context *cx)
{
    struct probe *self = data;
    struct waker latest = waker_clone(cx->waker);

    pthread_mutex_lock(&self->lock);
    struct waker replaced = self->waker;
    self->waker = latest;
    pthread_mutex_unlock(&self->lock);
    waker_drop(&replaced);
    self->polls++;
    return self->end ? POLL_READY(self->polls) : POLL_PENDING;
}

static void probe_drop(void *data)
{
    struct probe *self = data;

    pthread_mutex_lock(&self->lock);
    struct waker waker = waker_take(&self->waker);
    pthread_mutex_unlock(&self->lock);
    waker_drop(&waker);
    self->drops++;
}

static struct task_joiner probe_spawn(struct probe *probe)
{
    *probe = (struct probe){ .lock = PTHREAD_MUTEX_INITIALIZER };
    return executor_spawn(poll_fn(probe_poll, probe_drop, probe));
}

// A clone of the waker that the probe keeps. It must have been polled.
static struct waker probe_waker(struct probe *probe)
{
    pthread_mutex_lock(&probe->lock);
    struct waker waker = waker_clone(&probe->waker);
    pthread_mutex_unlock(&probe->lock);
    return waker;
}

static void probe_wake(struct probe *probe)
{
    struct waker waker = probe_waker(probe);

    waker_wake(&waker);
}

// Ends the probe, which must have been polled, and returns its output.
static intptr_t probe_end(struct probe *probe, struct task_joiner *joiner)
{
    struct waker waker = probe_waker(probe);

    probe->end = true;
    waker_wake(&waker);
    return task_joiner_join(joiner);
}

static bool probe_dropped(void *data)
{
    return ((struct probe *)data)->drops > 0;
}

// A task that holds the executor thread inside its poll, so that what the test
// does meanwhile happens between two polls of any other task.
struct gate {
    sem_t closed, opened;
    struct task_joiner joiner;
};

static struct poll gate_poll(void *data, struct context *cx)
{
    struct gate *self = data;

    (void)cx;
    sem_post(&self->closed);
    sem_take(&self->opened);
    return POLL_READY(0);
}

static void gate_close(struct gate *gate)
{
    sem_init(&gate->closed, 0, 0);
    sem_init(&gate->opened, 0, 0);
    gate->joiner = executor_spawn(poll_fn(gate_poll, NULL, gate));
    sem_take(&gate->closed);
}

static void gate_open(struct gate *gate)
{
    sem_post(&gate->opened);
    task_joiner_join(&gate->joiner);
    sem_destroy(&gate->closed);
    sem_destroy(&gate->opened);
}

// A task that hands its waker to the test inside its poll, and waits there
// until the test has used it. It keeps none. Ready after `pendings` polls.
struct handover {
    sem_t given, used;
    struct waker waker;
    int pendings;
    atomic_int polls, drops;
};

static struct poll handover_poll(void *data, struct context *cx)
{
    struct handover *self = data;
    bool last = self->polls++ == self->pendings;

    self->waker = waker_clone(cx->waker);
    sem_post(&self->given);
    sem_take(&self->used);
    return last ? POLL_READY(self->polls) : POLL_PENDING;
}

static void handover_drop(void *data)
{
    ((struct handover *)data)->drops++;
}

static struct task_joiner handover_spawn(struct handover *handover)
{
    sem_init(&handover->given, 0, 0);
    sem_init(&handover->used, 0, 0);
    return executor_spawn(poll_fn(handover_poll, handover_drop, handover));
}

static void handover_destroy(struct handover *handover)
{
    sem_destroy(&handover->given);
    sem_destroy(&handover->used);
}

// A task that is ready after `pendings` polls, at each of which it wakes
// itself. It takes its time to be dropped.
struct life {
    int pendings;
    intptr_t output;
    atomic_int polls, drops;
};

static struct poll life_poll(void *data, struct context *cx)
{
    struct life *self = data;

    if (self->polls++ == self->pendings) return POLL_READY(self->output);
    struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker);
    return POLL_PENDING;
}

static void life_drop(void *data)
{
    sleep_for(0.001);
    ((struct life *)data)->drops++;
}

static struct future *life(struct life *state)
{
    return poll_fn(life_poll, life_drop, state);
}

static bool life_dropped(void *data)
{
    return ((struct life *)data)->drops > 0;
}

// ---------------------------------------------------------------------------
// Wakes
// ---------------------------------------------------------------------------

// Hazard 1: a task is woken twice, then a thousand times, before the executor
// comes to it. It must be polled once more each time, not more often.
START_TEST(test_many_wakes_one_poll)
{
    struct probe probe;
    struct task_joiner joiner = probe_spawn(&probe);
    struct gate gate;
    int polls = 1;

    for (int wakes = 2; wakes <= 1000; wakes *= 500) {
        executor_settle();
        gate_close(&gate);
        for (int i = 0; i < wakes; i++) probe_wake(&probe);
        gate_open(&gate);
        executor_settle();
        ck_assert_int_eq(probe.polls, ++polls);
    }
    ck_assert_int_eq(probe_end(&probe, &joiner), polls + 1);
}
END_TEST

// Hazard 2: a task is woken by another thread during the poll that returns
// ready. It is done once, dropped once and never polled again.
START_TEST(test_wake_during_ready_poll)
{
    struct handover handover = { .pendings = 0 };
    struct task_joiner joiner = handover_spawn(&handover);

    sem_take(&handover.given);
    struct waker late = waker_clone(&handover.waker);
    waker_wake(&handover.waker);
    sem_post(&handover.used);
    ck_assert_int_eq(task_joiner_join(&joiner), 1);
    executor_settle();
    waker_wake(&late);
    executor_settle();
    ck_assert_int_eq(handover.polls, 1);
    ck_assert_int_eq(handover.drops, 1);
    handover_destroy(&handover);
}
END_TEST

// Hazard 2: a task is woken during the poll that returns ready while others
// are on the run-queue before and behind it. They must all still run.
START_TEST(test_ready_leaves_the_run_queue)
{
    struct handover handover = { .pendings = 0 };
    struct probe before, behind;
    struct task_joiner joiner = handover_spawn(&handover);

    sem_take(&handover.given);
    struct task_joiner first = probe_spawn(&before);
    waker_wake(&handover.waker);
    struct task_joiner last = probe_spawn(&behind);
    sem_post(&handover.used);
    executor_settle();
    ck_assert_int_eq(before.polls, 1);
    ck_assert_int_eq(behind.polls, 1);
    ck_assert_int_eq(handover.polls, 1);
    ck_assert_int_eq(probe_end(&before, &first), 2);
    ck_assert_int_eq(probe_end(&behind, &last), 2);
    ck_assert_int_eq(task_joiner_join(&joiner), 1);
    handover_destroy(&handover);
}
END_TEST

// Hazard 3: a task is woken by another thread during a poll that returns
// pending, and nobody wakes it later. It must be polled again, each time.
START_TEST(test_wake_during_pending_poll)
{
    struct handover handover = { .pendings = rounds(10000) };
    struct task_joiner joiner = handover_spawn(&handover);

    for (int i = 0; i <= handover.pendings; i++) {
        sem_take(&handover.given);
        waker_wake(&handover.waker);
        sem_post(&handover.used);
    }
    ck_assert_int_eq(task_joiner_join(&joiner), handover.pendings + 1);
    ck_assert_int_eq(handover.drops, 1);
    handover_destroy(&handover);
}
END_TEST

// Each round, all hands but the first hold a waker of one task. They drop it
// while the first one ends the task and gives up its joiner.
static struct last_round {
    pthread_barrier_t begin, end;
    struct probe probe;
    struct waker wakers[4];
    struct task_joiner joiner;
} last_round;

static void last_round_begin(void)
{
    last_round.joiner = probe_spawn(&last_round.probe);
    executor_settle();
    for (int i = 0; i < 4; i++)
        last_round.wakers[i] = probe_waker(&last_round.probe);
}

static void last_round_body(int number)
{
    for (int i = 0; i < rounds(2000); i++) {
        if (number == 0) last_round_begin();
        pthread_barrier_wait(&last_round.begin);
        if (number == 0) last_round.probe.end = true;
        if (number == 0 || i % 2 == 0)
            waker_wake(&last_round.wakers[number]);
        else
            waker_drop(&last_round.wakers[number]);
        if (number == 0) task_joiner_drop(&last_round.joiner);
        pthread_barrier_wait(&last_round.end);
        if (number == 0) executor_settle();
    }
}

// Hazard 4: the executor and four threads give up the last references to a
// task at once. It must be freed once, and by then nobody may look at it.
START_TEST(test_last_holders_race)
{
    pthread_barrier_init(&last_round.begin, NULL, 4);
    pthread_barrier_init(&last_round.end, NULL, 4);
    on_threads(4, last_round_body);
    pthread_barrier_destroy(&last_round.begin);
    pthread_barrier_destroy(&last_round.end);
}
END_TEST

// Hazard 4: wakers outlive their task, and its joiner too. They may be cloned,
// woken and dropped, and nothing comes of it.
START_TEST(test_wakers_outlive_the_task)
{
    struct probe probe;
    struct task_joiner joiner = probe_spawn(&probe);

    executor_settle();
    struct waker wakes = probe_waker(&probe), drops = probe_waker(&probe);
    ck_assert_int_eq(probe_end(&probe, &joiner), 2);
    executor_settle();
    struct waker clone = waker_clone(&wakes);
    waker_wake(&wakes);
    executor_settle();
    waker_drop(&drops);
    waker_wake(&clone);
    executor_settle();
    ck_assert_int_eq(probe.polls, 2);
    ck_assert_int_eq(probe.drops, 1);
}
END_TEST

// Hazard 5: the wakers of many finished tasks are woken while another task
// waits. It must not be polled for that.
START_TEST(test_stale_wake_disturbs_nobody)
{
    enum { N = 100 };
    static struct probe stale[N];
    struct waker wakers[N];
    struct probe probe;

    for (int i = 0; i < N; i++) {
        struct task_joiner joiner = probe_spawn(&stale[i]);
        executor_settle();
        wakers[i] = probe_waker(&stale[i]);
        probe_end(&stale[i], &joiner);
    }
    struct task_joiner joiner = probe_spawn(&probe);
    executor_settle();
    for (int i = 0; i < N; i++) waker_wake(&wakers[i]);
    executor_settle();
    ck_assert_int_eq(probe.polls, 1);
    ck_assert_int_eq(probe_end(&probe, &joiner), 2);
}
END_TEST

// A task that sees how many wakes were sent, until it has seen them all.
static struct storm {
    atomic_int sent, seen;
    int total, each; // wakes: of all threads, of one
    struct waker waker;
} storm;

static struct poll storm_poll(void *data, struct context *cx)
{
    (void)data;
    if (storm.waker.vtable == NULL) storm.waker = waker_clone(cx->waker);
    storm.seen = storm.sent;
    return storm.seen == storm.total ? POLL_READY(storm.seen) : POLL_PENDING;
}

// Starts the task that threads * each wakes will end.
static struct task_joiner storm_spawn(int threads, int each)
{
    storm.each = each;
    storm.total = threads * each;
    struct task_joiner joiner = executor_spawn(poll_fn(storm_poll, NULL, NULL));
    executor_settle();
    return joiner;
}

static void storm_end(struct task_joiner *joiner)
{
    ck_assert_int_eq(task_joiner_join(joiner), storm.total);
    waker_drop(&storm.waker);
}

static void storm_body(int number)
{
    (void)number;
    for (int i = 0; i < storm.each; i++) {
        struct waker waker = waker_clone(&storm.waker);
        storm.sent++;
        waker_wake(&waker);
    }
}

// Hazard 6: eight threads wake one task 100,000 times each. A poll must follow
// the last wake: only that one sees that all were sent.
START_TEST(test_storm_of_wakes)
{
    struct task_joiner joiner = storm_spawn(8, rounds(100000));

    on_threads(8, storm_body);
    storm_end(&joiner);
}
END_TEST

// Sends a wake and waits until a poll has seen it, again and again.
static void tickets_body(int number)
{
    (void)number;
    for (int i = 0; i < storm.each; i++) {
        struct waker waker = waker_clone(&storm.waker);
        int ticket = ++storm.sent;
        waker_wake(&waker);
        while (storm.seen < ticket) sched_yield();
    }
}

// Hazard 6: eight threads wake one task, and each waits until a poll has seen
// its wake before it sends another. Every single wake must be followed by a
// poll, else its thread waits for ever.
START_TEST(test_every_wake_is_seen)
{
    struct task_joiner joiner = storm_spawn(8, rounds(10000));

    on_threads(8, tickets_body);
    storm_end(&joiner);
}
END_TEST

static struct waker raced;

static void clone_or_drop(int number)
{
    for (int i = 0; i < 5000; i++) {
        struct waker waker = raced;
        if (number == 0)
            waker_clone(&raced);
        else
            waker_drop(&waker);
    }
}

// One thread clones the waker of a task, and another drops what was cloned
// before. None is miscounted: the task is not taken for lost.
START_TEST(test_clones_race_drops)
{
    struct probe probe;
    struct task_joiner joiner = probe_spawn(&probe);

    executor_settle();
    raced = waker_clone(&probe.waker);
    clone_or_drop(0);
    for (int i = 0; i < rounds(200); i++) on_threads(2, clone_or_drop);
    clone_or_drop(1);
    waker_drop(&raced);
    ck_assert_int_eq(probe_end(&probe, &joiner), 2);
    ck_assert_int_eq(probe.drops, 1);
}
END_TEST

// Test T5: 100,000 wakes race the polls that they cause, one at a time. Not
// one may get lost.
START_TEST(test_wakes_race_polls)
{
    struct task_joiner joiner = storm_spawn(1, rounds(100000));

    on_threads(1, tickets_body);
    storm_end(&joiner);
}
END_TEST

// ---------------------------------------------------------------------------
// Order
// ---------------------------------------------------------------------------

// A task that wakes itself at every poll until the end, and its neighbour,
// which notes how often it was polled between two polls of its own.
static struct spinner {
    atomic_int polls;
    atomic_bool end;
    int last, gap, rounds;
} spinner;

static void wake_myself(struct context *cx)
{
    struct waker waker = waker_clone(cx->waker);

    waker_wake(&waker);
}

static struct poll spinner_poll(void *data, struct context *cx)
{
    (void)data;
    spinner.polls++;
    if (spinner.end) return POLL_READY(0);
    wake_myself(cx);
    return POLL_PENDING;
}

static struct poll neighbour_poll(void *data, struct context *cx)
{
    int gap = spinner.polls - spinner.last;

    (void)data;
    if (spinner.last > 0 && gap > spinner.gap) spinner.gap = gap;
    spinner.last = spinner.polls;
    if (spinner.rounds-- == 0) return POLL_READY(spinner.gap);
    wake_myself(cx);
    return POLL_PENDING;
}

static bool spinner_spins(void *data)
{
    (void)data;
    return spinner.polls > 0;
}

// Hazard 9: one task wakes itself for ever, another takes a thousand polls to
// end. The other must run within two polls of the first, each time.
START_TEST(test_nobody_starves)
{
    struct task_joiner joiner =
        executor_spawn(poll_fn(spinner_poll, NULL, NULL));

    wait_until(spinner_spins, NULL);
    spinner.rounds = 1000;
    intptr_t gap = executor_block_on(poll_fn(neighbour_poll, NULL, NULL));
    ck_assert_int_ge(gap, 1);
    ck_assert_int_le(gap, 2);
    spinner.end = true;
    task_joiner_join(&joiner);
}
END_TEST

// Tasks that note the order in which they are polled. Each is pending once.
enum { RUNNERS = 100 };

static struct runner {
    struct waker waker;
    struct task_joiner joiner;
    bool polled;
} runners[RUNNERS];

static int finish[2 * RUNNERS], finished;

static struct poll runner_poll(void *data, struct context *cx)
{
    struct runner *self = data;

    finish[finished++] = (int)(self - runners);
    if (self->polled) return POLL_READY(0);
    self->polled = true;
    self->waker = waker_clone(cx->waker);
    return POLL_PENDING;
}

// The run-queue is first in, first out: tasks are polled in the order in which
// they were spawned, and polled again in the order in which they were woken
// for the first time; another wake does not send the first one to the end.
START_TEST(test_first_in_first_out)
{
    struct waker again;
    struct gate gate;

    gate_close(&gate);
    for (int i = 0; i < RUNNERS; i++) {
        struct runner *runner = &runners[i];
        runner->joiner = executor_spawn(poll_fn(runner_poll, NULL, runner));
    }
    gate_open(&gate);
    executor_settle();
    gate_close(&gate);
    again = waker_clone(&runners[0].waker);
    for (int i = 0; i < RUNNERS; i++)
        waker_wake(&runners[i * 37 % RUNNERS].waker);
    waker_wake(&again);
    gate_open(&gate);
    for (int i = 0; i < RUNNERS; i++) task_joiner_join(&runners[i].joiner);
    for (int i = 0; i < RUNNERS; i++) {
        ck_assert_int_eq(finish[i], i);
        ck_assert_int_eq(finish[RUNNERS + i], i * 37 % RUNNERS);
    }
}
END_TEST

// ---------------------------------------------------------------------------
// Tasks that can never run again
// ---------------------------------------------------------------------------

static struct poll forget_poll(void *data, struct context *cx)
{
    (void)data, (void)cx;
    return POLL_PENDING;
}

static void keep_no_waker(void)
{
    executor_block_on(poll_fn(forget_poll, NULL, NULL));
}

static void keep_no_waker_detached(void)
{
    struct gate gate;

    gate_close(&gate);
    struct task_joiner joiner =
        executor_spawn(poll_fn(forget_poll, NULL, NULL));
    task_joiner_drop(&joiner);
    gate_open(&gate);
    executor_settle();
}

// Hazard 10: a poll returns pending and has kept no waker. The process must
// abort at once and name the task, be it joined or detached.
START_TEST(test_no_waker_kept_dies)
{
    const char *joined =
        "in task poll_fn#1: nobody holds a waker of it any more";
    const char *detached =
        "in task poll_fn#2: nobody holds a waker of it any more";

    assert_dies(keep_no_waker, joined);
    assert_dies(keep_no_waker_detached, detached);
}
END_TEST

static void drop_waker_while_waiting(void)
{
    struct probe probe;
    struct task_joiner joiner = probe_spawn(&probe);

    executor_settle();
    struct waker waker = probe_waker(&probe);
    waker_drop(&waker); // not the last one yet
    waker_drop(&probe.waker);
    task_joiner_drop(&joiner);
}

static void drop_waker_while_detached(void)
{
    struct probe probe;
    struct task_joiner joiner = probe_spawn(&probe);

    executor_settle();
    task_joiner_drop(&joiner);
    waker_drop(&probe.waker);
}

static void drop_waker_while_polled(void)
{
    struct handover handover = { .pendings = 1 };
    struct task_joiner joiner = handover_spawn(&handover);

    sem_take(&handover.given);
    waker_drop(&handover.waker);
    sem_post(&handover.used);
    task_joiner_join(&joiner);
}

static void use_last_waker_up(void)
{
    struct handover handover = { .pendings = 2 };
    struct task_joiner joiner = handover_spawn(&handover);

    sem_take(&handover.given);
    struct waker only = waker_take(&handover.waker);
    sem_post(&handover.used);
    executor_settle();
    waker_wake(&only);
    sem_take(&handover.given);
    waker_drop(&handover.waker);
    sem_post(&handover.used);
    task_joiner_join(&joiner);
}

// Hazard 10: another thread drops the last waker of a task, while it waits,
// joined or detached, or during its poll; or wakes it with the last one, and
// then no other is kept. The process must abort at once and name the task.
START_TEST(test_last_waker_dropped_dies)
{
    const char *message =
        "in task poll_fn#1: nobody holds a waker of it any more";

    assert_dies(drop_waker_while_waiting, message);
    assert_dies(drop_waker_while_detached, message);
    assert_dies(drop_waker_while_polled, message);
    assert_dies(use_last_waker_up, message);
}
END_TEST

// Hazard 10: a task's one and only waker is replaced during each poll, and
// passes from thread to thread between them. That must not be reported.
START_TEST(test_one_waker_is_enough)
{
    struct probe probe;
    struct task_joiner joiner = probe_spawn(&probe);

    for (int i = 0; i < rounds(10000); i++) {
        executor_settle();
        struct waker waker = waker_take(&probe.waker);
        waker_wake(&waker);
    }
    executor_settle();
    ck_assert_int_eq(probe_end(&probe, &joiner), rounds(10000) + 2);
}
END_TEST

static struct race {
    struct probe probe;
    struct waker held;
    struct task_joiner joiner;
    int rounds;
} race;

// The first thread also detaches the task, half way.
static void race_body(int number)
{
    for (int i = 0; i < race.rounds; i++) {
        struct waker held = waker_clone(&race.held);
        struct waker kept = probe_waker(&race.probe);
        if (i % 3 == 0)
            waker_wake(&held);
        else
            waker_drop(&held);
        waker_drop(&kept);
        if (number == 0 && i == race.rounds / 2) task_joiner_drop(&race.joiner);
    }
}

// Hazard 10: eight threads wake and drop clones of a waiting task's waker, more
// than 10^6 times in all, and one of them drops its joiner, while one waker is
// always held. The task must never be reported, and be the same as ever
// afterwards.
START_TEST(test_no_false_report)
{
    for (int i = 0; i < rounds(20); i++) {
        race.joiner = probe_spawn(&race.probe);
        executor_settle();
        race.held = probe_waker(&race.probe);
        race.rounds = rounds(3200);
        on_threads(8, race_body);
        executor_settle();
        int polls = race.probe.polls;
        race.probe.end = true;
        waker_wake(&race.held);
        wait_until(probe_dropped, &race.probe);
        executor_settle();
        ck_assert_int_eq(race.probe.polls, polls + 1);
        ck_assert_int_eq(race.probe.drops, 1);
    }
}
END_TEST

// ---------------------------------------------------------------------------
// Threads
// ---------------------------------------------------------------------------

// Counts what happens on the executor thread and what happens elsewhere.
static struct places {
    pthread_t executor;
    atomic_int here, elsewhere;
    atomic_bool end;
    struct waker waker;
    sem_t given;
} places;

static void places_note(void)
{
    if (pthread_equal(pthread_self(), places.executor))
        places.here++;
    else
        places.elsewhere++;
}

static struct poll find_executor_poll(void *data, struct context *cx)
{
    (void)data, (void)cx;
    places.executor = pthread_self();
    return POLL_READY(0);
}

static struct poll placed_poll(void *data, struct context *cx)
{
    (void)data;
    places_note();
    if (places.end) return POLL_READY(0);
    places.waker = waker_clone(cx->waker);
    sem_post(&places.given);
    return POLL_PENDING;
}

static void placed_drop(void *data)
{
    (void)data;
    places_note();
}

// One task, polled twice and dropped. The test is the last to hold its waker,
// or its joiner, or neither.
static void placed_round(int kind)
{
    places.end = false;
    struct task_joiner joiner =
        executor_spawn(poll_fn(placed_poll, placed_drop, NULL));
    if (kind == 0) task_joiner_drop(&joiner);
    sem_take(&places.given);
    struct waker clone = waker_clone(&places.waker);
    places.end = true;
    waker_wake(&places.waker);
    if (kind == 1) executor_settle();
    waker_drop(&clone);
    if (kind == 2)
        task_joiner_join(&joiner);
    else
        task_joiner_drop(&joiner);
    executor_settle();
}

// Hazard 11: tasks whose last waker or last joiner is given up by another
// thread, early or late. All must be polled and dropped on the executor
// thread, which is not this one.
START_TEST(test_dropped_on_the_executor_thread)
{
    int n = 3 * rounds(2000);

    sem_init(&places.given, 0, 0);
    executor_block_on(poll_fn(find_executor_poll, NULL, NULL));
    ck_assert(!pthread_equal(places.executor, pthread_self()));
    for (int i = 0; i < n; i++) placed_round(i % 3);
    ck_assert_int_eq(places.elsewhere, 0);
    ck_assert_int_eq(places.here, 3 * n);
    sem_destroy(&places.given);
}
END_TEST

// A thread that does nothing until it may end. It is counted with the rest;
// the thread sanitizer starts one of its own together with the first.
struct idler {
    pthread_t thread;
    sem_t end;
};

static void *idler_main(void *data)
{
    sem_take(&((struct idler *)data)->end);
    return NULL;
}

static void idler_start(struct idler *idler)
{
    sem_init(&idler->end, 0, 0);
    pthread_create(&idler->thread, NULL, idler_main, idler);
}

static void idler_end(struct idler *idler)
{
    sem_post(&idler->end);
    pthread_join(idler->thread, NULL);
    sem_destroy(&idler->end);
}

// Polls a future on this thread, with a waker that wakes nobody.
static struct poll poll_once(struct future *future)
{
    static int wakes;
    struct waker waker = counting_waker(&wakes);
    struct context cx = { &waker };

    return future_poll(future, &cx);
}

// Test T4: no thread is started before the first spawn, one by it, and another
// one by the first sleep that is pending, however many follow.
START_TEST(test_helper_threads)
{
    struct idler idler;

    idler_start(&idler);
    int before = count_threads();
    struct future *hour = timer_sleep(duration_from_secs(3600));
    ck_assert_int_eq(count_threads(), before);
    for (int i = 0; i < 10; i++) {
        executor_settle();
        ck_assert_int_eq(count_threads(), before + 1);
    }
    for (int i = 0; i < 10; i++) {
        ck_assert(!poll_once(hour).ready);
        executor_block_on(timer_sleep(duration_from_millis(1)));
        ck_assert_int_eq(count_threads(), before + 2);
    }
    future_drop(hour);
    idler_end(&idler);
}
END_TEST

// ---------------------------------------------------------------------------
// Spawn
// ---------------------------------------------------------------------------

static void spawn_nothing(void)
{
    executor_spawn(NULL);
}

// Spawning NULL aborts with its reason.
START_TEST(test_spawn_null_dies)
{
    assert_dies(spawn_nothing, "there is no future to spawn");
}
END_TEST

// A constructor that assigns a whole struct, and so erases the vtable.
static void spawn_erased(void)
{
    struct future *future = ready(1);

    *future = (struct future){ .line = 0 };
    executor_spawn(future);
}

// A future without a vtable cannot be polled. The spawn says so, and not a crash.
START_TEST(test_spawn_without_vtable_dies)
{
    assert_dies(spawn_erased, "there is no future to spawn");
}
END_TEST

static void spawn_again(void)
{
    struct future *future = pending();
    struct task_joiner joiner = executor_spawn(future);

    executor_spawn(future);
    task_joiner_drop(&joiner);
}

static void spawn_joiner(void)
{
    struct task_joiner joiner = executor_spawn(pending());

    executor_spawn(&joiner.future);
}

// What is a task already, or a part of another struct, is no future to spawn.
START_TEST(test_spawn_again_dies)
{
    assert_dies(spawn_again, "or it was spawned before");
    assert_dies(spawn_joiner, "or it was spawned before");
}
END_TEST

// Spawns one that counts down from n - 1, awaits it and adds one.
struct countdown {
    struct async async;
    struct task_joiner joiner;
    int n;
};

static struct future *countdown(int n);

static struct poll countdown_poll(struct future *future, struct context *cx)
{
    struct countdown *self = (struct countdown *)future;

    ASYNC_BEGIN(self);
    if (self->n == 0) return POLL_READY(0);
    self->joiner = executor_spawn(countdown(self->n - 1));
    AWAIT(self, &self->joiner.future);
    ASYNC_END(self, self->async.value + 1);
}

static struct future *countdown(int n)
{
    static const struct future_vtable vtable = { "countdown", countdown_poll,
                                                 async_drop };
    struct countdown *self = future_new(sizeof(*self), &vtable);

    self->n = n;
    return &self->async.future;
}

// Hazard 36: a task spawns a task, which spawns a task, a thousand deep, and
// each awaits the next. All must run, and add no thread.
START_TEST(test_spawn_inside_a_task)
{
    executor_settle();
    int threads = count_threads();

    ck_assert_int_eq(executor_block_on(countdown(1000)), 1000);
    ck_assert_int_eq(count_threads(), threads);
}
END_TEST

static struct first_use {
    pthread_mutex_t lock;
    pthread_t executor; // that polled first
    atomic_int polls, strangers;
} first_use = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct poll first_use_poll(void *data, struct context *cx)
{
    (void)data, (void)cx;
    pthread_mutex_lock(&first_use.lock);
    if (first_use.polls++ == 0) first_use.executor = pthread_self();
    if (!pthread_equal(first_use.executor, pthread_self()))
        first_use.strangers++;
    pthread_mutex_unlock(&first_use.lock);
    return POLL_READY(0);
}

// Waits with the reactor for a descriptor that is ready at once.
static void first_use_register(void)
{
    int fd = eventfd(0, EFD_CLOEXEC), wakes = 0;
    struct waker waker = counting_waker(&wakes);
    struct subscription sub = { 0 };

    if (register_waker(&sub, fd, &waker, WAKEUP_WRITABLE).ready) abort();
    while (__atomic_load_n(&wakes, __ATOMIC_SEQ_CST) == 0) sched_yield();
    reactor_deregister_waker(&sub);
    close(fd);
}

// Even numbers come to the executor first, odd ones to the reactor.
static void first_use_body(int number)
{
    enum { N = 50 };
    struct task_joiner joiners[N];

    if (number % 2 != 0) first_use_register();
    for (int i = 0; i < N; i++)
        joiners[i] = executor_spawn(poll_fn(first_use_poll, NULL, NULL));
    if (number % 2 == 0) first_use_register();
    for (int i = 0; i < N; i++) task_joiner_join(&joiners[i]);
}

static bool threads_counted(void *data)
{
    return count_threads() == *(int *)data;
}

// Hazard 36: 16 threads use the executor and the reactor for the first time,
// all at once. There must be one of each: two more threads and one more
// descriptor than before.
START_TEST(test_spawn_from_many_threads)
{
    struct idler idler;

    idler_start(&idler);
    int fds = count_fds(), threads = count_threads() + 2;
    on_threads(16, first_use_body);
    wait_until(threads_counted, &threads); // those joined go a little later
    ck_assert_int_eq(first_use.polls, 16 * 50);
    ck_assert_int_eq(first_use.strangers, 0);
    ck_assert_int_eq(count_fds(), fds + 1);
    ck_assert_int_eq(count_epoll(), 0);
    idler_end(&idler);
}
END_TEST

// ---------------------------------------------------------------------------
// Join, detach, cancel
// ---------------------------------------------------------------------------

// Test T6: block_on and join return what the future was ready with, whatever
// intptr_t that is.
START_TEST(test_outputs_arrive)
{
    int local;
    intptr_t values[] = { 0, 1, -1, INTPTR_MIN, INTPTR_MAX, (intptr_t)&local };

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        struct task_joiner joiner = executor_spawn(ready(values[i]));
        ck_assert_int_eq(executor_block_on(ready(values[i])), values[i]);
        ck_assert_int_eq(task_joiner_join(&joiner), values[i]);
        ck_assert_ptr_null(joiner.task);
    }
}
END_TEST

// Hazard 34: a joiner is dropped before its task is polled, while it is
// pending and after it was ready. The task must run on, to its end, and be
// dropped once; dropping the joiner again does nothing.
START_TEST(test_joiner_dropped)
{
    struct task_joiner empty = { .task = NULL };
    struct gate gate;

    task_joiner_drop(&empty);
    for (int when = 0; when < 3; when++) {
        struct probe probe;
        gate_close(&gate);
        struct task_joiner joiner = probe_spawn(&probe);
        if (when == 0) task_joiner_drop(&joiner);
        gate_open(&gate);
        executor_settle();
        if (when == 1) task_joiner_drop(&joiner);
        probe.end = true;
        probe_wake(&probe);
        executor_settle();
        if (when == 2) task_joiner_drop(&joiner);
        ck_assert_ptr_null(joiner.task);
        task_joiner_drop(&joiner);
        ck_assert_int_eq(probe.polls, 2);
        ck_assert_int_eq(probe.drops, 1);
    }
}
END_TEST

// A poll that does what would block the executor thread.
static struct poll blocking_poll(void *data, struct context *cx)
{
    struct task_joiner *joiner = data;

    (void)cx;
    if (joiner == NULL) return POLL_READY(executor_block_on(ready(0)));
    return POLL_READY(task_joiner_join(joiner));
}

static void join_in_task(void)
{
    struct task_joiner joiner = executor_spawn(ready(0));

    executor_block_on(poll_fn(blocking_poll, NULL, &joiner));
}

static void block_on_in_task(void)
{
    executor_block_on(poll_fn(blocking_poll, NULL, NULL));
}

static struct poll ready_at_once(void *data, struct context *cx)
{
    (void)cx;
    return POLL_READY(data != NULL);
}

static void blocking_drop(void *data)
{
    *(intptr_t *)data = executor_block_on(ready(0));
}

// The drop of a task's future is a part of its last turn.
static void block_on_in_drop(void)
{
    intptr_t value;

    executor_block_on(poll_fn(ready_at_once, blocking_drop, &value));
}

static void join_twice(void)
{
    struct task_joiner joiner = executor_spawn(ready(0));

    task_joiner_join(&joiner);
    task_joiner_join(&joiner);
}

static void join_detached(void)
{
    struct task_joiner joiner = executor_spawn(ready(0));

    task_joiner_drop(&joiner);
    task_joiner_join(&joiner);
}

static void join_zeroed(void)
{
    struct task_joiner joiner = { 0 };

    task_joiner_join(&joiner);
}

static void join_after_ready(void)
{
    static int wakes;
    struct waker waker = counting_waker(&wakes);
    struct context cx = { &waker };
    struct task_joiner joiner = executor_spawn(ready(5));

    executor_settle();
    if (future_poll(&joiner.future, &cx).value == 5) task_joiner_join(&joiner);
}

static void *join_it_too(void *joiner)
{
    return (void *)task_joiner_join(joiner);
}

static void join_on_two_threads(void)
{
    struct probe probe;
    struct task_joiner joiner = probe_spawn(&probe);
    pthread_t thread;

    pthread_create(&thread, NULL, join_it_too, &joiner);
    task_joiner_join(&joiner);
}

// Hazard 35: a task is joined whose joiner, polled by hand, has already given
// its output; or by two threads at once. The process must abort with the
// reason, and neither give the output twice nor leave a thread waiting.
START_TEST(test_output_is_given_once)
{
    assert_dies(join_after_ready, "joined twice");
    assert_dies(join_on_two_threads, "joined twice");
}
END_TEST

// Hazard 35: a task is joined inside a task, block_on is called inside a task or
// in the drop of its future, a task is joined twice, or after its joiner was
// dropped. The process must abort with the reason, and with the task's name
// where there is one.
START_TEST(test_wrong_joins_die)
{
    const char *blocks = "join and block_on would block the thread";

    assert_dies(join_in_task, blocks);
    assert_dies(join_in_task, "in task poll_fn#2: ");
    assert_dies(block_on_in_task, blocks);
    assert_dies(block_on_in_task, "in task poll_fn#1: ");
    assert_dies(block_on_in_drop, blocks);
    assert_dies(block_on_in_drop, "in task poll_fn#1: ");
    assert_dies(join_twice, "joined twice");
    assert_dies(join_detached, "joined twice");
    assert_dies(join_zeroed, "joined twice");
}
END_TEST

// Whoever joins here holds stderr, and so waits for a task that panics.
static void panic_while_joiner_holds_stderr(void)
{
    flockfile(stderr);
    keep_no_waker();
}

static void *hold_stderr(void *data)
{
    flockfile(stderr);
    sem_post(data);
    for (;;) pause();
    return NULL;
}

// Whoever panics does so on this thread, and another one holds stderr for ever.
static void panic_while_another_holds_stderr(void)
{
    pthread_t thread;
    sem_t held;

    sem_init(&held, 0, 0);
    pthread_create(&thread, NULL, hold_stderr, &held);
    sem_take(&held);
    join_twice();
}

// Hazard 48: a thread holds stderr (with flockfile, or since it is in the midst
// of printing) and does not give it back: it joins a task that panics, or waits
// for something else. The process must abort, and say why, all the same.
START_TEST(test_panic_while_stderr_is_held)
{
    assert_dies(panic_while_joiner_holds_stderr,
                "in task poll_fn#1: nobody holds a waker of it any more");
    assert_dies(panic_while_another_holds_stderr, "joined twice");
}
END_TEST

// Hazard 38: every other task fails with a negative errno. Its joiner must get
// that, and the others must run on to their own outputs.
START_TEST(test_failing_tasks)
{
    enum { N = 100 };
    struct task_joiner joiners[N];
    static struct life lives[N];

    for (int i = 0; i < N; i++) {
        lives[i].pendings = i % 5;
        lives[i].output = i % 2 ? -EIO - i : i;
        joiners[i] = executor_spawn(life(&lives[i]));
    }
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(task_joiner_join(&joiners[i]), lives[i].output);
}
END_TEST

// Polls its child once and drops it, whatever came of that.
struct canceller {
    struct future future;
    struct future *child;
};

static struct poll canceller_poll(struct future *future, struct context *cx)
{
    struct canceller *self = (struct canceller *)future;
    struct poll poll = future_poll(self->child, cx);

    future_drop(self->child);
    return POLL_READY(poll.ready);
}

static struct future *canceller(struct future *child)
{
    static const struct future_vtable vtable = { "canceller", canceller_poll,
                                                 NULL };
    struct canceller *self = future_new(sizeof(*self), &vtable);

    self->child = child;
    return &self->future;
}

enum fate { JOINED, DETACHED, CANCELLED };

static void meet_fate(struct life *state, enum fate fate)
{
    bool is_ready = state->pendings == 0;
    struct future *future = life(state);
    struct task_joiner joiner;

    switch (fate) {
    case JOINED:
        ck_assert_int_eq(executor_block_on(future), state->output);
        break;
    case DETACHED:
        joiner = executor_spawn(future);
        task_joiner_drop(&joiner);
        wait_until(life_dropped, state);
        break;
    case CANCELLED:
        ck_assert_int_eq(executor_block_on(canceller(future)), is_ready);
        break;
    }
    ck_assert_int_eq(state->drops, 1); // at once when join returns
    executor_settle();
    ck_assert_int_eq(state->drops, 1);
    ck_assert_int_eq(state->polls, fate == CANCELLED ? 1 : state->pendings + 1);
}

// Hazard 39: futures that are ready at once or after a while are joined,
// detached or cancelled. Each must be dropped exactly once, and before join
// returns.
START_TEST(test_dropped_exactly_once)
{
    for (int i = 0; i < rounds(20); i++)
        for (int pendings = 0; pendings < 4; pendings++)
            for (int fate = JOINED; fate <= CANCELLED; fate++) {
                struct life state = { .pendings = pendings, .output = 7 };
                meet_fate(&state, (enum fate)fate);
            }
}
END_TEST

// Awaits the joiner that it is given.
struct awaiting {
    struct async async;
    struct task_joiner joiner;
};

static struct poll awaiting_poll(struct future *future, struct context *cx)
{
    struct awaiting *self = (struct awaiting *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, &self->joiner.future);
    ASYNC_END(self, self->async.value);
}

static struct future *awaiting(struct task_joiner joiner)
{
    static const struct future_vtable vtable = { "awaiting", awaiting_poll,
                                                 async_drop };
    struct awaiting *self = future_new(sizeof(*self), &vtable);

    self->joiner = joiner;
    return &self->async.future;
}

// A task awaits another one's joiner, be that one pending or done already. It
// must get its output, and be woken for it.
START_TEST(test_joiner_awaited)
{
    struct probe probe;
    struct task_joiner child = probe_spawn(&probe);
    struct task_joiner parent = executor_spawn(awaiting(child));

    executor_settle();
    ck_assert_int_eq(probe_end(&probe, &parent), 2);
    ck_assert_int_eq(probe.drops, 1);
    child = executor_spawn(ready(-5));
    executor_settle();
    ck_assert_int_eq(executor_block_on(awaiting(child)), -5);
}
END_TEST

// A joiner is polled with one waker, then with another. When the task is done,
// only the latest one must be woken, once.
START_TEST(test_joiner_wakes_the_latest)
{
    int early = 0, late = 0;
    struct waker wakers[] = { counting_waker(&early), counting_waker(&late) };
    struct probe probe;
    struct task_joiner joiner = probe_spawn(&probe);

    executor_settle();
    for (int i = 0; i < 2; i++) {
        struct context cx = { &wakers[i] };
        ck_assert(!future_poll(&joiner.future, &cx).ready);
    }
    probe.end = true;
    probe_wake(&probe);
    executor_settle();
    ck_assert_int_eq(early, 0);
    ck_assert_int_eq(late, 1);
    ck_assert_int_eq(task_joiner_join(&joiner), 2);
    ck_assert_int_eq(late, 1);
}
END_TEST

// A foreign waker whose clone ends a task, and returns when that is over. So
// whoever looks at the task before it clones the waker sees it pending, and
// whoever does so afterwards sees it done.
struct ending {
    struct probe probe;
    atomic_int wakes;
};

static void ending_clone(void *data)
{
    struct ending *self = data;

    self->probe.end = true;
    probe_wake(&self->probe);
    wait_until(probe_dropped, &self->probe);
    executor_settle();
}

static void ending_wake(void *data)
{
    ((struct ending *)data)->wakes++;
}

static void ending_nothing(void *data)
{
    (void)data;
}

static bool ending_woken(void *data)
{
    return ((struct ending *)data)->wakes > 0;
}

// Hazard 47: a task ends while a thread that is not the executor's polls its
// joiner. The poll must be ready, or its waker be woken.
START_TEST(test_task_ends_while_its_joiner_is_polled)
{
    static const struct waker_vtable vtable = { ending_clone, ending_wake,
                                                ending_nothing };
    struct ending ending = { .wakes = 0 };
    struct waker waker = { &vtable, &ending };
    struct context cx = { &waker };
    struct task_joiner joiner = probe_spawn(&ending.probe);

    executor_settle();
    struct poll poll = future_poll(&joiner.future, &cx);
    if (!poll.ready) {
        wait_until(ending_woken, &ending);
        ck_assert_int_eq(task_joiner_join(&joiner), 2);
    } else {
        ck_assert_int_eq(poll.value, 2);
        task_joiner_drop(&joiner);
    }
}
END_TEST

// A task that ends a moment after it has said so.
struct finisher {
    sem_t ending, woken; // woken: the foreign waker, for its joiner
    int moment;
};

static struct poll finisher_poll(void *data, struct context *cx)
{
    struct finisher *self = data;
    int moment = self->moment;

    (void)cx;
    sem_post(&self->ending);
    for (volatile int spin = 0; spin < moment; spin++) continue;
    return POLL_READY(0);
}

static void finisher_wake(void *data)
{
    sem_post(&((struct finisher *)data)->woken);
}

// Hazard 47: the same by chance. Whoever looks at the task and stores the waker
// afterwards, even if both are done under the lock, leaves a gap in which no
// foreign code runs, but the task may end. In each of 100,000 rounds one ends
// at about that time. Each poll must be ready, or its waker be woken, else this
// waits for ever.
START_TEST(test_joiner_polls_race_the_end)
{
    static const struct waker_vtable vtable = { ending_nothing, finisher_wake,
                                                ending_nothing };
    struct finisher finisher;
    struct waker waker = { &vtable, &finisher };
    struct context cx = { &waker };

    sem_init(&finisher.ending, 0, 0);
    sem_init(&finisher.woken, 0, 0);
    for (int i = 0; i < rounds(100000); i++) {
        finisher.moment = i % 50;
        struct task_joiner joiner =
            executor_spawn(poll_fn(finisher_poll, NULL, &finisher));
        while (sem_trywait(&finisher.ending) != 0) sched_yield();
        if (!future_poll(&joiner.future, &cx).ready) sem_take(&finisher.woken);
        task_joiner_drop(&joiner);
    }
    sem_destroy(&finisher.ending);
    sem_destroy(&finisher.woken);
}
END_TEST

// A joiner is polled, and dropped while its task is pending. When that is done
// it must not wake the waker that the joiner had.
START_TEST(test_dropped_joiner_wakes_nobody)
{
    int wakes = 0;
    struct waker waker = counting_waker(&wakes);
    struct context cx = { &waker };
    struct probe probe;
    struct task_joiner joiner = probe_spawn(&probe);

    executor_settle();
    ck_assert(!future_poll(&joiner.future, &cx).ready);
    task_joiner_drop(&joiner);
    probe.end = true;
    probe_wake(&probe);
    executor_settle();
    ck_assert_int_eq(probe.drops, 1);
    ck_assert_int_eq(wakes, 0);
}
END_TEST

// Awaits a joiner until it is woken by something else; then drops it.
struct impatient {
    struct task_joiner joiner;
    struct waker waker;
    int polls;
};

static struct poll impatient_poll(void *data, struct context *cx)
{
    struct impatient *self = data;

    if (self->polls++ > 0) {
        task_joiner_drop(&self->joiner);
        return POLL_READY(self->polls);
    }
    self->waker = waker_clone(cx->waker);
    return future_poll(&self->joiner.future, cx);
}

// A task drops the joiner that it awaits when something else wakes it, and
// ends. The other task must run on, and its end must wake nobody.
START_TEST(test_awaited_joiner_dropped)
{
    struct probe probe;
    struct impatient impatient = { .joiner = probe_spawn(&probe) };
    struct task_joiner joiner =
        executor_spawn(poll_fn(impatient_poll, NULL, &impatient));

    executor_settle();
    struct waker late = waker_clone(&impatient.waker);
    waker_wake(&impatient.waker);
    ck_assert_int_eq(task_joiner_join(&joiner), 2);
    executor_settle();
    ck_assert_int_eq(probe.polls, 1);
    ck_assert_int_eq(probe.drops, 0);
    probe.end = true;
    probe_wake(&probe);
    executor_settle();
    ck_assert_int_eq(probe.polls, 2);
    ck_assert_int_eq(probe.drops, 1);
    ck_assert_int_eq(impatient.polls, 2);
    waker_drop(&late);
}
END_TEST

static void joins_body(int number)
{
    for (int i = 0; i < rounds(5000); i++) {
        struct task_joiner joiner = executor_spawn(ready(number));
        for (volatile int spin = 0; spin < i % 50 * 20; spin++) continue;
        if (task_joiner_join(&joiner) != number) abort();
    }
}

// Joins race the end of their tasks: four threads join tasks that end at about
// that time. No join may hang, or get another task's output.
START_TEST(test_joins_race_the_end)
{
    on_threads(4, joins_body);
}
END_TEST

// Whoever is cancelled here ends by itself if it can: the address sanitizer does
// not see that a cancelled thread leaves its stack.
static void *join_and_tell(void *data)
{
    struct task_joiner *joiner = data;
    intptr_t output = task_joiner_join(joiner);

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    return (void *)output;
}

// Hazard 48: a thread is cancelled while it joins. Whether it ends at once or
// when the task does, all others must be able to spawn and join meanwhile, and
// the task must end as ever.
START_TEST(test_cancelled_while_it_joins)
{
    struct probe probe;
    struct task_joiner joiner = probe_spawn(&probe);
    pthread_t thread;
    void *result;

    executor_settle();
    pthread_create(&thread, NULL, join_and_tell, &joiner);
    pthread_cancel(thread);
    for (int i = 0; i < 1000; i++) executor_settle();
    probe.end = true;
    probe_wake(&probe);
    executor_settle();
    pthread_join(thread, &result);
    ck_assert(result == PTHREAD_CANCELED || (intptr_t)result == 2);
    ck_assert_int_eq(probe.drops, 1);
    task_joiner_drop(&joiner); // if the join has not
    executor_settle();
}
END_TEST

// A join leaves a thread as it was: cancellable, or not.
START_TEST(test_join_keeps_the_cancel_state)
{
    static const int states[] = { PTHREAD_CANCEL_ENABLE,
                                  PTHREAD_CANCEL_DISABLE };
    int state;

    for (int i = 0; i < 2; i++) {
        pthread_setcancelstate(states[i], NULL);
        executor_settle();
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
        ck_assert_int_eq(state, states[i]);
    }
}
END_TEST

static void *panic_when_cancelled(void *data)
{
    pthread_cancel(pthread_self()); // at the next cancellation point
    panic("%s", (char *)data);
}

static void panic_cancelled(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, panic_when_cancelled, "out of ideas");
    pthread_join(thread, NULL);
}

// Hazard 48: a thread that is to be cancelled panics. It must not end in the
// middle of that, for it may hold a lock, but abort.
START_TEST(test_cancelled_in_a_panic)
{
    assert_dies(panic_cancelled, "out of ideas");
}
END_TEST

static void *spawn_when_cancelled(void *data)
{
    struct probe *probe = data;

    pthread_cancel(pthread_self()); // at the next cancellation point
    struct task_joiner joiner = probe_spawn(probe);
    task_joiner_drop(&joiner);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    return NULL;
}

// Hazard 48: a thread makes the very first spawn although it was cancelled, and
// has just not come to a cancellation point. It may end there, but no lock may
// be left behind: all others must be able to spawn and join.
START_TEST(test_cancelled_at_the_first_spawn)
{
    struct probe probe;
    pthread_t thread;

    pthread_create(&thread, NULL, spawn_when_cancelled, &probe);
    pthread_join(thread, NULL);
    executor_settle();
    ck_assert_int_eq(probe.polls, 1);
    probe.end = true;
    probe_wake(&probe);
    executor_settle();
    ck_assert_int_eq(probe.drops, 1);
}
END_TEST

// ---------------------------------------------------------------------------
// Memory and time
// ---------------------------------------------------------------------------

#ifdef __has_feature // clang
#define SANITIZED \
    (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) // gcc
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static long resident_bytes(void)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    long total, resident;

    ck_assert_ptr_nonnull(statm);
    ck_assert_int_eq(fscanf(statm, "%ld %ld", &total, &resident), 2);
    fclose(statm);
    return resident * sysconf(_SC_PAGESIZE);
}

enum { BATCH = 100000 };

static struct task_joiner batch[BATCH];

// Spawns n tasks that end at once, all before the first one runs; joins them.
static void run_batch(int n)
{
    struct gate gate;
    int wrong = 0;

    gate_close(&gate);
    for (int i = 0; i < n; i++) batch[i] = executor_spawn(ready(i));
    gate_open(&gate);
    for (int i = 0; i < n; i++) wrong += task_joiner_join(&batch[i]) != i;
    ck_assert_int_eq(wrong, 0);
}

// Hazard 37: 100,000 tasks are spawned and joined, several times over. Each
// time must do with the memory of the time before: 40 bytes lost per task
// would be seen.
START_TEST(test_memory_returns)
{
    int n = rounds(BATCH);

    for (int i = 0; i < 2; i++) run_batch(n);
    long before = resident_bytes();
    for (int i = 0; i < 4; i++) run_batch(n);
    long growth = resident_bytes() - before;
    // A sanitizer keeps memory of its own, and counts leaks itself.
    ck_assert_msg(SANITIZED || growth < 16 << 20, "%ld more bytes", growth);
}
END_TEST

// The CPU time of one task out of n, at the best of several attempts.
static double task_cost(int n, int attempts)
{
    double best = 1e9;

    for (int i = 0; i < attempts; i++) {
        double start = cpu_seconds();
        run_batch(n);
        double cost = (cpu_seconds() - start) / n;
        if (cost < best) best = cost;
    }
    return best;
}

// One task out of 100,000 must cost about as much as one out of 1,000: the
// queues have no length that matters. (On one processor: on two, the threads
// contend for the lock in some batches and not in others, at any length.)
START_TEST(test_cost_is_flat)
{
    stay_on_one_cpu();
    double few = task_cost(rounds(BATCH) / 100, 20);
    double many = task_cost(rounds(BATCH), 3);

    ck_assert_msg(many < 3 * few, "%.0f ns instead of %.0f ns", many * 1e9,
                  few * 1e9);
}
END_TEST

// Twenty tasks that sleep for so long, awaited.
static void sleep_together(int64_t millis)
{
    struct task_joiner joiners[20];

    for (int i = 0; i < 20; i++)
        joiners[i] = executor_spawn(timer_sleep(duration_from_millis(millis)));
    for (int i = 0; i < 20; i++) task_joiner_join(&joiners[i]);
}

// Tasks that sleep for half a second cost next to no CPU time meanwhile: both
// helper threads sleep as well.
START_TEST(test_idle_costs_nothing)
{
    sleep_together(1); // what is only done once does not count
    double start = cpu_seconds();

    sleep_together(500);
    ck_assert(cpu_seconds() - start < 0.05);
}
END_TEST

// Whether another process may lock the file: this one has no lock of it then.
static bool others_may_lock(int fd)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        if (fcntl(fd, F_GETLK, &lock) == -1) _exit(2);
        _exit(lock.l_type == F_UNLCK);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status);
}

// Hazard 49: stderr is a log that this process has locked (POSIX: the close of
// any descriptor of a file gives up the process's locks of it). Both helper
// threads are started. The lock must stay.
START_TEST(test_lock_of_stderr_stays)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    FILE *log = tmpfile();

    dup2(fileno(log), STDERR_FILENO);
    ck_assert_int_eq(fcntl(STDERR_FILENO, F_SETLK, &lock), 0);
    ck_assert(!others_may_lock(STDERR_FILENO));
    executor_settle();
    bool after_spawn = others_may_lock(STDERR_FILENO);
    executor_block_on(timer_sleep(duration_from_millis(1)));
    bool after_sleep = others_may_lock(STDERR_FILENO);
    dup2(terminal, STDERR_FILENO);
    close(terminal);
    fclose(log);
    ck_assert(!after_spawn);
    ck_assert(!after_sleep);
}
END_TEST

// How many descriptors the kernel has room for in this process's table.
static int table_size(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[200];
    int size = -1;

    ck_assert_ptr_nonnull(status);
    while (size == -1 && fgets(line, sizeof(line), status) != NULL)
        sscanf(line, "FDSize: %d", &size);
    fclose(status);
    return size;
}

// Hazard 51: the limit of descriptors is as high as it can be, often 2^20 and
// sometimes far more. A slot of the kernel's table costs eight bytes and some
// bits, used or not. Without need it must not have more than 8,192 of them.
START_TEST(test_table_of_descriptors_stays_small)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max <= 16384 || table_size() > 8192) {
        skip("%ld descriptors, and room for %d", (long)limit.rlim_max,
             table_size());
        return;
    }
    executor_block_on(timer_sleep(duration_from_millis(1)));
    ck_assert_int_le(table_size(), 8192);
}
END_TEST

// ---------------------------------------------------------------------------
// Exit and fork
// ---------------------------------------------------------------------------

// Leaves tasks of all kinds behind: one sleeps, one waits for ever, one spins,
// one awaits another, and of one the joiner is held.
static _Noreturn void exit_busy(void)
{
    struct task_joiner sleeps =
        executor_spawn(timer_sleep(duration_from_secs(3600)));
    struct task_joiner joiner = executor_spawn(pending());
    struct task_joiner awaits = executor_spawn(awaiting(joiner));
    struct task_joiner spins =
        executor_spawn(poll_fn(spinner_poll, NULL, NULL));

    task_joiner_drop(&sleeps);
    task_joiner_drop(&awaits);
    task_joiner_drop(&spins);
    executor_spawn(pending()); // its joiner is neither joined nor dropped
    executor_block_on(ready(1));
    exit(0);
}

// Hazard 40: a process calls exit() while tasks and both helper threads live.
// It must end with status 0; what a sanitizer finds would change that.
START_TEST(test_exit_with_live_tasks)
{
    for (int i = 0; i < rounds(8) + 1; i++) {
        int status;
        fflush(NULL); // else the child would write it as well
        pid_t child = fork();
        if (child == 0) exit_busy();
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                      "status %#x", (unsigned)status);
    }
}
END_TEST

static struct forked {
    struct probe probe;
    struct task_joiner joiner;
} forked;

static void fork_spawns(void)
{
    executor_spawn(ready(0));
}

static void fork_joins(void)
{
    task_joiner_join(&forked.joiner);
}

static void fork_drops_joiner(void)
{
    task_joiner_drop(&forked.joiner);
}

static void fork_wakes(void)
{
    waker_wake(&forked.probe.waker);
}

static void fork_drops_waker(void)
{
    waker_drop(&forked.probe.waker);
}

static void fork_registers(void)
{
    int wakes = 0;
    struct subscription sub = { 0 };
    struct waker waker = counting_waker(&wakes);

    register_waker(&sub, STDIN_FILENO, &waker, WAKEUP_READABLE);
}

// The child forks again, and its own child spawns. If that aborts, so do we.
static void fork_forks(void)
{
    pid_t child = fork();
    int status;

    if (child == 0) executor_block_on(ready(0));
    if (waitpid(child, &status, 0) == child && WIFSIGNALED(status)) abort();
}

// Hazard 41: a process forks after it has used trale. The child that spawns,
// joins, wakes, drops or registers must abort with the reason; one that does
// nothing ends as it likes; the parent goes on.
START_TEST(test_fork_after_use)
{
    void (*bodies[])(void) = { fork_spawns, fork_joins,       fork_drops_joiner,
                               fork_wakes,  fork_drops_waker, fork_registers,
                               fork_forks };
    struct gate gate;
    int status;

    forked.joiner = probe_spawn(&forked.probe);
    executor_block_on(timer_sleep(duration_from_millis(20)));
    gate_close(&gate); // what only its stack knows would be lost to the child
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
        assert_dies(bodies[i], "used after fork in the child");
    pid_t child = fork();
    if (child == 0) _exit(7);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(WEXITSTATUS(status), 7);
    gate_open(&gate);
    executor_block_on(timer_sleep(duration_from_millis(1)));
    ck_assert_int_eq(probe_end(&forked.probe, &forked.joiner), 2);
}
END_TEST

static void first_spawn(void)
{
    executor_spawn(ready(0));
}

static void first_registration(void)
{
    static struct subscription sub;
    static int wakes;
    struct waker waker = counting_waker(&wakes);

    register_waker(&sub, eventfd(0, EFD_CLOEXEC), &waker, WAKEUP_READABLE);
}

static struct {
    void (*use)(void);
    atomic_bool begins;
} first;

static void *first_main(void *data)
{
    first.begins = true;
    first.use();
    return data;
}

// In a process that has not used trale: forks at about the moment of its first
// use, by another thread. Exits with the signal that ends the child, which uses
// it as well, or with 0.
static _Noreturn void fork_during_first_use(int moment, FILE *err)
{
    pthread_t thread;
    int status;

    pthread_create(&thread, NULL, first_main, NULL);
    pthread_detach(thread);
    while (!first.begins) continue;
    for (volatile int spin = 0; spin < moment; spin++) continue;
    pid_t child = fork();
    if (child == 0) {
        dup2(fileno(err), STDERR_FILENO);
        signal(SIGALRM, SIG_DFL); // Check has a handler
        alarm((unsigned)(5 * multiplier()));
        first.use();
        _exit(0);
    }
    waitpid(child, &status, 0);
    _exit(WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static int count_lines(FILE *file, const char *part)
{
    char line[1000];
    int count = 0;

    rewind(file);
    while (fgets(line, sizeof(line), file) != NULL)
        count += strstr(line, part) != NULL;
    return count;
}

// Hazard 46: a process forks while another of its threads spawns or registers
// for the first time. The child may have been early: then it uses trale as if
// its parent had not. Else it must abort with the reason. It must not wait for
// a lock that it has inherited, whose owner is no thread of its own: then the
// alarm would end it.
START_TEST(test_fork_during_first_use)
{
    void (*uses[])(void) = { first_spawn, first_registration };
    FILE *err = tmpfile();
    int aborts = 0;

    for (int i = 0; i < rounds(40); i++) {
        int status;
        first.use = uses[i % 2];
        pid_t child = fork();
        if (child == 0) fork_during_first_use(i % 20 * 100, err);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status));
        int signal = WEXITSTATUS(status);
        ck_assert_msg(signal == 0 || signal == SIGABRT,
                      "round %d: signal %d ends the child", i, signal);
        aborts += signal == SIGABRT;
    }
    ck_assert_int_eq(count_lines(err, "used after fork in the child"), aborts);
    fclose(err);
}
END_TEST

static int count_blocked(void)
{
    sigset_t mask;
    int count = 0;

    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    for (int signal = 1; signal < NSIG; signal++)
        count += sigismember(&mask, signal) == 1;
    return count;
}

// Our threads inherit a mask that blocks nearly all. Whoever starts them, by
// the first spawn and the first registration, has its own one afterwards.
START_TEST(test_signal_mask_is_kept)
{
    struct waker waker = counting_waker(&(int){ 0 });
    struct context cx = { &waker };
    int blocked = count_blocked();

    ck_assert_int_eq(executor_block_on(ready(1)), 1);
    ck_assert_int_eq(count_blocked(), blocked);
    struct future *sleep = timer_sleep(duration_from_secs(100));
    ck_assert(!future_poll(sleep, &cx).ready);
    ck_assert_int_eq(count_blocked(), blocked);
    future_drop(sleep);
}
END_TEST

Suite *task_suite(void)
{
    Suite *suite = suite_create("task");

    add_test(suite, test_many_wakes_one_poll, 20);
    add_test(suite, test_wake_during_ready_poll, 20);
    add_test(suite, test_ready_leaves_the_run_queue, 20);
    add_test(suite, test_wake_during_pending_poll, 60);
    add_test(suite, test_last_holders_race, 120);
    add_test(suite, test_wakers_outlive_the_task, 20);
    add_test(suite, test_stale_wake_disturbs_nobody, 20);
    add_test(suite, test_storm_of_wakes, 120);
    add_test(suite, test_clones_race_drops, 60);
    add_test(suite, test_every_wake_is_seen, 120);
    add_test(suite, test_wakes_race_polls, 120);
    add_test(suite, test_nobody_starves, 20);
    add_test(suite, test_first_in_first_out, 20);
    add_test(suite, test_no_waker_kept_dies, 20);
    add_test(suite, test_last_waker_dropped_dies, 20);
    add_test(suite, test_one_waker_is_enough, 60);
    add_test(suite, test_no_false_report, 120);
    add_test(suite, test_dropped_on_the_executor_thread, 60);
    add_test(suite, test_helper_threads, 20);
    add_test(suite, test_spawn_null_dies, 20);
    add_test(suite, test_spawn_again_dies, 20);
    add_test(suite, test_spawn_without_vtable_dies, 20);
    add_test(suite, test_spawn_inside_a_task, 20);
    add_test(suite, test_spawn_from_many_threads, 60);
    add_test(suite, test_outputs_arrive, 20);
    add_test(suite, test_joiner_dropped, 20);
    add_test(suite, test_output_is_given_once, 20);
    add_test(suite, test_wrong_joins_die, 20);
    add_test(suite, test_panic_while_stderr_is_held, 20);
    add_test(suite, test_failing_tasks, 20);
    add_test(suite, test_dropped_exactly_once, 60);
    add_test(suite, test_joiner_awaited, 20);
    add_test(suite, test_joiner_wakes_the_latest, 20);
    add_test(suite, test_task_ends_while_its_joiner_is_polled, 20);
    add_test(suite, test_joiner_polls_race_the_end, 60);
    add_test(suite, test_dropped_joiner_wakes_nobody, 20);
    add_test(suite, test_awaited_joiner_dropped, 20);
    add_test(suite, test_joins_race_the_end, 120);
    add_test(suite, test_cancelled_while_it_joins, 20);
    add_test(suite, test_join_keeps_the_cancel_state, 20);
    add_test(suite, test_cancelled_in_a_panic, 20);
    add_test(suite, test_cancelled_at_the_first_spawn, 20);
    add_test(suite, test_memory_returns, 120);
    add_test(suite, test_cost_is_flat, 120);
    add_test(suite, test_idle_costs_nothing, 30);
    add_test(suite, test_lock_of_stderr_stays, 20);
    add_test(suite, test_table_of_descriptors_stays_small, 20);
    add_test(suite, test_signal_mask_is_kept, 20);
    add_test(suite, test_exit_with_live_tasks, 60);
    add_test(suite, test_fork_after_use, 60);
    add_test(suite, test_fork_during_first_use, 60);
    return suite;
}
