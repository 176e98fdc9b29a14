#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

// The clock that sleeps go by, to the nanosecond.
static int64_t nanos(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * NANOS_PER_SEC + time.tv_nsec;
}

static struct poll poll_by_hand(struct future *future, struct waker *waker)
{
    struct context cx = { waker };

    return future_poll(future, &cx);
}

static int load(int *count)
{
    return __atomic_load_n(count, __ATOMIC_SEQ_CST);
}

struct at_least {
    int *counter, value;
};

static bool is_at_least(void *data)
{
    struct at_least *at_least = data;

    return load(at_least->counter) >= at_least->value;
}

static void wait_for(int *counter, int value)
{
    wait_until(is_at_least, &(struct at_least){ counter, value });
}

// Sets the soft limit of descriptor numbers, and returns the hard one.
static rlim_t limit_fds(rlim_t limit)
{
    struct rlimit rlimit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &rlimit), 0);
    rlimit.rlim_cur = limit < rlimit.rlim_max ? limit : rlimit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &rlimit), 0);
    return rlimit.rlim_max;
}

static int free_fds_below(int limit)
{
    int count = 0;

    for (int fd = 0; fd < limit; fd++) count += fcntl(fd, F_GETFD) == -1;
    return count;
}

// ---------------------------------------------------------------------------
// Naps: a task that sleeps again and again, and sees whether it woke early
// ---------------------------------------------------------------------------

struct naps {
    struct async async;
    const struct duration *durations; // one after another, round and round
    int kinds, left;
    int64_t begin;
};

static struct duration next_duration(const struct naps *self)
{
    return self->durations[self->left % self->kinds];
}

static struct poll naps_poll(struct future *future, struct context *cx)
{
    struct naps *self = (struct naps *)future;

    ASYNC_BEGIN(self);
    for (; self->left > 0; self->left--) {
        self->begin = nanos();
        AWAIT(self, timer_sleep(next_duration(self)));
        if (self->async.value != 0) return POLL_READY(self->async.value);
        if (nanos() - self->begin < next_duration(self).nanos)
            return POLL_READY(1); // too early
    }
    ASYNC_END(self, 0);
}

static struct future *naps(const struct duration *durations, int kinds,
                           int times)
{
    static const struct future_vtable vtable = { "naps", naps_poll,
                                                 async_drop };
    struct naps *self = future_new(sizeof(*self), &vtable);

    self->durations = durations;
    self->kinds = kinds;
    self->left = times;
    return &self->async.future;
}

// ---------------------------------------------------------------------------
// How long
// ---------------------------------------------------------------------------

// Hazard 24: 10^5 sleeps last 0 to 4,000 ns, so many deadlines pass while the
// timer is being armed. Every sleep must end, and none early.
START_TEST(test_shortest_sleeps_end)
{
    static struct duration durations[4001];
    struct task_joiner joiners[8];

    for (int i = 0; i <= 4000; i++) durations[i].nanos = i;
    for (int i = 0; i < 8; i++)
        joiners[i] = executor_spawn(naps(durations, 4001, rounds(100000) / 8));
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(task_joiner_join(&joiners[i]), 0);
    ck_assert_int_le(count_epoll(), 0);
}
END_TEST

// Hazard 26: tasks sleep side by side, from a nanosecond to a fifth of a
// second. On the monotonic clock none may wake early.
START_TEST(test_never_early)
{
    static const struct duration durations[] = {
        { 1 },        { 999 },      { 10000 },    { 65537 },
        { 123456 },   { 1000000 },  { 1000001 },  { 1999999 },
        { 3141592 },  { 4000000 },  { 7654321 },  { 10000000 },
        { 16666667 }, { 33333333 }, { 99999999 }, { 200000000 }
    };
    struct task_joiner joiners[16];

    for (int i = 0; i < 16; i++)
        joiners[i] = executor_spawn(naps(durations + i, 1, i < 12 ? 50 : 5));
    for (int i = 0; i < 16; i++)
        ck_assert_int_eq(task_joiner_join(&joiners[i]), 0);
}
END_TEST

// Hazard 26: the clock starts when the sleep is made. One that is first polled
// after its time must be ready at once.
START_TEST(test_clock_starts_at_the_call)
{
    int count = 0;
    struct waker waker = counting_waker(&count);
    struct future *sleep = timer_sleep(duration_from_millis(50));

    sleep_for(0.06);
    struct poll poll = poll_by_hand(sleep, &waker);
    ck_assert(poll.ready);
    ck_assert_int_eq(poll.value, 0);
    future_drop(sleep);
}
END_TEST

// Sleeps once, and takes a number when it wakes.
struct sleeper {
    struct async async;
    struct future *sleep;
};

static atomic_int woken;

static struct poll sleeper_poll(struct future *future, struct context *cx)
{
    struct sleeper *self = (struct sleeper *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, self->sleep);
    if (self->async.value != 0) return POLL_READY(self->async.value);
    ASYNC_END(self, woken++);
}

static struct future *sleeper(struct future *sleep)
{
    static const struct future_vtable vtable = { "sleeper", sleeper_poll,
                                                 async_drop };
    struct sleeper *self = future_new(sizeof(*self), &vtable);

    self->sleep = sleep;
    return &self->async.future;
}

// Hazard 26: twelve tasks go to sleep in no order. They must wake in the order
// of their deadlines, where these differ by 20 ms or more. (On one processor:
// Linux keeps expired timers in order for each, not over all.)
START_TEST(test_wake_order_follows_deadlines)
{
    enum { N = 12 };
    struct task_joiner joiners[N];
    int64_t earliest[N], latest[N];
    intptr_t nth[N];

    stay_on_one_cpu();
    for (int i = 0; i < N; i++) {
        struct duration duration = duration_from_millis(100 + 25 * (i * 5 % N));
        earliest[i] = nanos() + duration.nanos;
        joiners[i] = executor_spawn(sleeper(timer_sleep(duration)));
        latest[i] = nanos() + duration.nanos;
    }
    for (int i = 0; i < N; i++) nth[i] = task_joiner_join(&joiners[i]);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            if (latest[i] + 20000000 > earliest[j]) continue;
            ck_assert_int_ge(nth[i], 0);
            ck_assert_int_lt(nth[i], nth[j]);
        }
    }
}
END_TEST

// Polls it once and drops it: was it ready?
static bool is_ready_at_once(struct duration duration)
{
    int count = 0;
    struct waker waker = counting_waker(&count);
    struct future *sleep = timer_sleep(duration);
    struct poll poll = poll_by_hand(sleep, &waker);

    future_drop(sleep);
    ck_assert(!poll.ready || poll.value == 0);
    ck_assert_int_eq(load(&count), 0);
    return poll.ready;
}

// Hazard 25: a sleep of zero or less must be ready at its first poll, without
// a descriptor and without the reactor.
START_TEST(test_zero_and_negative_sleeps)
{
    static const int64_t durations[] = { 0,          -1,
                                         -999999999, -NANOS_PER_SEC,
                                         -INT64_MAX, INT64_MIN };
    int fds = count_fds();

    for (int i = 0; i < 6; i++)
        ck_assert(is_ready_at_once((struct duration){ durations[i] }));
    ck_assert(is_ready_at_once(duration_from_secs(INT64_MIN)));
    ck_assert(is_ready_at_once(duration_from_millis(INT64_MIN)));
    ck_assert_int_eq(executor_block_on(timer_sleep((struct duration){ 0 })), 0);
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

// Hazard 25: a sleep that is too long to be told must stay pending, must not
// fire, and can be cancelled. Its time must not overflow.
START_TEST(test_endless_sleeps)
{
    int64_t left = INT64_MAX - nanos();
    int64_t durations[] = { INT64_MAX, INT64_MAX - 1, left - NANOS_PER_SEC,
                            left,      left + 1,      left + NANOS_PER_SEC };
    struct future *sleeps[6];
    int count = 0, fds = count_fds();
    struct waker waker = counting_waker(&count);

    for (int i = 0; i < 6; i++) {
        sleeps[i] = timer_sleep((struct duration){ durations[i] });
        ck_assert(!poll_by_hand(sleeps[i], &waker).ready);
    }
    ck_assert(!is_ready_at_once(duration_from_secs(INT64_MAX)));
    ck_assert(!is_ready_at_once(duration_from_millis(INT64_MAX)));
    ck_assert_int_eq(executor_block_on(timer_sleep(duration_from_millis(50))),
                     0);
    ck_assert_int_eq(load(&count), 0);
    for (int i = 0; i < 6; i++) {
        ck_assert(!poll_by_hand(sleeps[i], &waker).ready);
        future_drop(sleeps[i]);
    }
    ck_assert_int_eq(count_fds(), fds + 1); // the epoll instance
    ck_assert_int_eq(count_epoll(), 0);
}
END_TEST

// Hazard 25: the constructors of durations must saturate at either end, and be
// exact up to there.
START_TEST(test_durations_saturate)
{
    int64_t secs = INT64_MAX / NANOS_PER_SEC, millis = INT64_MAX / 1000000;

    ck_assert_int_eq(duration_from_secs(2).nanos, 2000000000);
    ck_assert_int_eq(duration_from_secs(-2).nanos, -2000000000);
    ck_assert_int_eq(duration_from_millis(500).nanos, 500000000);
    ck_assert_int_eq(duration_from_secs(secs).nanos, secs * NANOS_PER_SEC);
    ck_assert_int_eq(duration_from_secs(-secs).nanos, -secs * NANOS_PER_SEC);
    ck_assert_int_eq(duration_from_millis(millis).nanos, millis * 1000000);
    ck_assert_int_eq(duration_from_secs(secs + 1).nanos, INT64_MAX);
    ck_assert_int_eq(duration_from_secs(-secs - 1).nanos, INT64_MIN);
    ck_assert_int_eq(duration_from_millis(millis + 1).nanos, INT64_MAX);
    ck_assert_int_eq(duration_from_millis(-millis - 1).nanos, INT64_MIN);
    ck_assert_int_eq(duration_from_secs(INT64_MAX).nanos, INT64_MAX);
    ck_assert_int_eq(duration_from_secs(INT64_MIN).nanos, INT64_MIN);
}
END_TEST

// ---------------------------------------------------------------------------
// What a sleep costs
// ---------------------------------------------------------------------------

// A sleep that is made but not polled has no descriptor. One that is polled
// has one, which goes with it though it is pending, and so does its entry in
// the epoll set.
START_TEST(test_descriptor_only_while_it_waits)
{
    struct future *sleeps[10];
    int count = 0, fds = count_fds();
    struct waker waker = counting_waker(&count);

    for (int i = 0; i < 10; i++)
        sleeps[i] = timer_sleep(duration_from_secs(3600));
    ck_assert_int_eq(count_fds(), fds);
    for (int i = 0; i < 9; i++)
        ck_assert(!poll_by_hand(sleeps[i], &waker).ready);
    ck_assert_int_eq(count_fds(), fds + 9 + 1); // the epoll instance
    ck_assert_int_eq(count_epoll(), 9);
    for (int i = 0; i < 10; i++) future_drop(sleeps[i]);
    ck_assert_int_eq(count_fds(), fds + 1);
    ck_assert_int_eq(count_epoll(), 0);
    ck_assert_int_eq(load(&count), 0);
}
END_TEST

// Sleeps, and counts the descriptors when it wakes.
struct counter {
    struct async async;
    int fds, epoll;
};

static struct poll counter_poll(struct future *future, struct context *cx)
{
    struct counter *self = (struct counter *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, timer_sleep(duration_from_millis(20)));
    self->fds = count_fds();
    self->epoll = count_epoll();
    AWAIT(self, yield_now());
    ASYNC_END(self, 1000 * self->epoll + self->fds);
}

// When a sleep is over its descriptor is closed at once, while the task that
// slept runs on.
START_TEST(test_descriptor_goes_when_the_sleep_is_over)
{
    static const struct future_vtable vtable = { "counter", counter_poll,
                                                 async_drop };
    int fds = count_fds();

    for (int i = 0; i < 3; i++) {
        struct future *future = future_new(sizeof(struct counter), &vtable);
        ck_assert_int_eq(executor_block_on(future), fds + 1);
    }
}
END_TEST

// A pending sleep is polled again and again, as by a task that has other
// reasons to run. It must stay pending until its time, take no further
// descriptors, end when its time has come, and wake its last waker once.
START_TEST(test_spurious_polls_do_no_harm)
{
    struct duration duration = duration_from_millis(200);
    int early = 0, last = 0, fds = count_fds();
    struct waker waker = counting_waker(&early);
    struct waker last_waker = counting_waker(&last);
    int64_t begin = nanos();
    struct future *sleep = timer_sleep(duration);

    for (int i = 0; i < 100; i++) {
        struct poll poll = poll_by_hand(sleep, &waker);
        if (poll.ready) ck_assert_int_ge(nanos() - begin, duration.nanos);
        if (poll.ready) break;
        ck_assert_int_eq(count_fds(), fds + 2);
        int waits = count_epoll(); // it waits no longer once the time has come
        if (nanos() - begin < duration.nanos) ck_assert_int_eq(waits, 1);
        sleep_for(0.001);
    }
    if (!sleep->done && !poll_by_hand(sleep, &last_waker).ready) {
        wait_for(&last, 1);
        ck_assert_int_ge(nanos() - begin, duration.nanos);
        ck_assert_int_eq(load(&early), 0);
        ck_assert(poll_by_hand(sleep, &last_waker).ready);
        ck_assert_int_eq(load(&last), 1);
    }
    future_drop(sleep);
}
END_TEST

// What is left of the time for which this descriptor is armed.
static int64_t nanos_left(int timerfd)
{
    struct itimerspec at;

    ck_assert_int_eq(timerfd_gettime(timerfd, &at), 0);
    return at.it_value.tv_sec * NANOS_PER_SEC + at.it_value.tv_nsec;
}

// A pending sleep is polled again after a while. That must not postpone it:
// its descriptor is still armed for the same deadline.
START_TEST(test_polling_does_not_postpone)
{
    struct duration duration = duration_from_secs(3600);
    int count = 0;
    struct waker waker = counting_waker(&count);

    executor_block_on(timer_sleep(duration_from_millis(1))); // epoll is there
    int fd = dup(STDERR_FILENO); // the number that the sleep will get
    close(fd);
    int64_t begin = nanos();
    struct future *sleep = timer_sleep(duration);
    for (int i = 0; i < 3; i++) {
        ck_assert(!poll_by_hand(sleep, &waker).ready);
        int64_t left = nanos_left(fd);
        ck_assert_int_ge(nanos() + left, begin + duration.nanos);
        ck_assert_int_le(left, duration.nanos - 20000000 * i);
        sleep_for(0.02);
    }
    future_drop(sleep);
    ck_assert_int_eq(count_epoll(), 0);
}
END_TEST

// Hazard 27: with room for 64 descriptors, 200 tasks sleep at once. As many as
// there is room for must finish, the others get -EMFILE at their await, and
// nobody is lost.
START_TEST(test_more_sleeps_than_descriptors)
{
    struct task_joiner joiners[200];
    int finished = 0, refused = 0, fds = count_fds();
    int room = free_fds_below(64) - 1; // the epoll instance

    limit_fds(64);
    for (int i = 0; i < 200; i++)
        joiners[i] =
            executor_spawn(sleeper(timer_sleep(duration_from_secs(2))));
    for (int i = 0; i < 200; i++) {
        intptr_t value = task_joiner_join(&joiners[i]);
        finished += value >= 0;
        refused += value == -EMFILE;
    }
    ck_assert_int_eq(finished + refused, 200);
    ck_assert_int_ge(finished, room);
    ck_assert_int_gt(refused, 0);
    ck_assert_int_eq(count_fds(), fds + 1);
}
END_TEST

// Hazard 27: the same by hand, with sleeps of an hour. Exactly as many must be
// pending as there is room for, and room that is made must be used.
START_TEST(test_room_for_sleeps_is_used)
{
    struct future *sleeps[200];
    int count = 0, pending_sleeps = 0, room = free_fds_below(64) - 1;
    struct waker waker = counting_waker(&count);

    limit_fds(64);
    for (int i = 0; i < 200; i++) {
        sleeps[i] = timer_sleep(duration_from_secs(3600));
        struct poll poll = poll_by_hand(sleeps[i], &waker);
        ck_assert_int_eq(poll.ready, i >= room);
        if (poll.ready) ck_assert_int_eq(poll.value, -EMFILE);
        pending_sleeps += !poll.ready;
    }
    ck_assert_int_eq(pending_sleeps, room);
    future_drop(sleeps[0]);
    sleeps[0] = timer_sleep(duration_from_secs(3600));
    ck_assert(!poll_by_hand(sleeps[0], &waker).ready);
    for (int i = 0; i < 200; i++) future_drop(sleeps[i]);
    ck_assert_int_eq(count_epoll(), 0);
}
END_TEST

// ---------------------------------------------------------------------------
// Very many
// ---------------------------------------------------------------------------

// Sleeps, until all others have begun to.
struct crowd {
    struct async async;
    int size;
};

static int asleep;

static struct poll crowd_poll(struct future *future, struct context *cx)
{
    struct crowd *self = (struct crowd *)future;

    ASYNC_BEGIN(self);
    __atomic_fetch_add(&asleep, 1, __ATOMIC_SEQ_CST);
    do {
        AWAIT(self, timer_sleep(duration_from_millis(300)));
        if (self->async.value != 0) return POLL_READY(self->async.value);
    } while (load(&asleep) < self->size);
    ASYNC_END(self, 0);
}

// 10,000 tasks, or as many as there can be descriptors for, sleep at once. All
// must wake, and leave nothing open.
START_TEST(test_ten_thousand_sleep_at_once)
{
    static const struct future_vtable vtable = { "crowd", crowd_poll,
                                                 async_drop };
    static struct task_joiner joiners[10000];
    int fds = count_fds(), hard = (int)limit_fds(1 << 20) - 100;
    int n = hard < rounds(10000) ? hard : rounds(10000);

    for (int i = 0; i < n; i++) {
        struct crowd *crowd = future_new(sizeof(*crowd), &vtable);
        crowd->size = n;
        joiners[i] = executor_spawn(&crowd->async.future);
    }
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(task_joiner_join(&joiners[i]), 0);
    ck_assert_int_eq(load(&asleep), n);
    ck_assert_int_eq(count_fds(), fds + 1);
    ck_assert_int_eq(count_epoll(), 0);
}
END_TEST

// While a thousand sleeps are pending and nothing else happens, no thread may
// use the processor.
START_TEST(test_sleep_costs_no_cpu)
{
    static struct future *sleeps[1000];
    int count = 0;
    struct waker waker = counting_waker(&count);

    limit_fds(1200);
    for (int i = 0; i < 1000; i++) {
        sleeps[i] = timer_sleep(duration_from_secs(3600 + i));
        ck_assert(!poll_by_hand(sleeps[i], &waker).ready);
    }
    // From here the executor thread is there too, and idle.
    executor_block_on(timer_sleep(duration_from_millis(1)));
    double before = cpu_seconds();
    sleep_for(0.5);
    ck_assert_double_lt(cpu_seconds() - before, 0.1);
    ck_assert_int_eq(load(&count), 0);
    for (int i = 0; i < 1000; i++) future_drop(sleeps[i]);
    ck_assert_int_eq(count_epoll(), 0);
}
END_TEST

Suite *timer_suite(void)
{
    Suite *suite = suite_create("timer");

    add_test(suite, test_shortest_sleeps_end, 120);
    add_test(suite, test_never_early, 60);
    add_test(suite, test_clock_starts_at_the_call, 20);
    add_test(suite, test_wake_order_follows_deadlines, 20);
    add_test(suite, test_zero_and_negative_sleeps, 20);
    add_test(suite, test_endless_sleeps, 20);
    add_test(suite, test_durations_saturate, 20);
    add_test(suite, test_descriptor_only_while_it_waits, 20);
    add_test(suite, test_descriptor_goes_when_the_sleep_is_over, 20);
    add_test(suite, test_spurious_polls_do_no_harm, 20);
    add_test(suite, test_polling_does_not_postpone, 20);
    add_test(suite, test_more_sleeps_than_descriptors, 30);
    add_test(suite, test_room_for_sleeps_is_used, 20);
    add_test(suite, test_ten_thousand_sleep_at_once, 60);
    add_test(suite, test_sleep_costs_no_cpu, 20);
    return suite;
}
