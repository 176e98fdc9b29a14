// Event and Mutex, of examples/futures/.
#include "child.h"
#include "examples/futures/event.h"
#include "examples/futures/mutex.h"
#include "examples/futures/timeout.h"
#include "examples/hosts/local_executor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct event event;
static struct mutex mutex;

// ---------------------------------------------------------------------------
// Event
// ---------------------------------------------------------------------------

static void *notify_often(void *unused)
{
    for (int i = 0; i < 20; i++) ck_assert_int_eq(event_notify_one(&event), 0);
    return unused;
}

struct waits {
    struct async async;
    int count, i;
};

static struct poll waits_poll(struct future *future, struct context *cx)
{
    struct waits *self = (struct waits *)future;

    ASYNC_BEGIN(self);
    for (self->i = 0; self->i < self->count; self->i++) {
        AWAIT(self, event_wait(&event));
        ck_assert_int_eq(self->async.value, 0);
    }
    ASYNC_END(self, self->i);
}

static struct future *waits(int count)
{
    static const struct future_vtable vtable = { "waits", waits_poll,
                                                 async_drop };
    struct waits *self = future_new(sizeof(*self), &vtable);

    self->count = count;
    return &self->async.future;
}

// Two threads notify 20 times each: that lets 40 waits through, of four tasks,
// and not one more.
START_TEST(test_event_counts)
{
    struct task_joiner tasks[4];
    pthread_t threads[2];

    ck_assert_int_eq(event_new(&event), 0);
    for (int i = 0; i < 4; i++) tasks[i] = executor_spawn(waits(10));
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, notify_often, NULL);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(task_joiner_join(&tasks[i]), 10);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    ck_assert_int_eq(executor_block_on(
                         timeout(duration_from_millis(20), event_wait(&event))),
                     -ETIMEDOUT);
    ck_assert_int_eq(count_epoll(), 0);
    event_drop(&event);
}
END_TEST

// Notified before anybody waits: the notifications are there.
START_TEST(test_event_notified_before)
{
    event_new(&event);
    for (int i = 0; i < 3; i++) event_notify_one(&event);
    ck_assert_int_eq(executor_block_on(waits(3)), 3);
    event_drop(&event);
}
END_TEST

// A full counter says so; and no descriptor, no event.
START_TEST(test_event_errors)
{
    uint64_t most = UINT64_MAX - 1;
    struct rlimit limit;

    event_new(&event);
    ck_assert_int_eq(write(event.fd, &most, sizeof(most)), sizeof(most));
    ck_assert_int_eq(event_notify_one(&event), -EAGAIN);
    ck_assert_int_eq(executor_block_on(waits(1)), 1);
    ck_assert_int_eq(event_notify_one(&event), 0);
    event_drop(&event);
    getrlimit(RLIMIT_NOFILE, &limit);
    struct rlimit none = { 0, limit.rlim_max };
    setrlimit(RLIMIT_NOFILE, &none);
    ck_assert_int_eq(event_new(&event), -EMFILE);
    ck_assert_int_eq(mutex_new(&mutex), -EMFILE);
    setrlimit(RLIMIT_NOFILE, &limit);
}
END_TEST

static void drop_event_in_use(void)
{
    struct waker none = counting_waker(&(int){ 0 });
    struct context cx = { &none };

    event_new(&event);
    future_poll(event_wait(&event), &cx);
    event_drop(&event);
}

static void unlock_twice(void)
{
    mutex_new(&mutex);
    executor_block_on(mutex_lock(&mutex));
    mutex_unlock(&mutex);
    mutex_unlock(&mutex);
}

START_TEST(test_sync_misuse)
{
    assert_dies(drop_event_in_use, "dropped while a future waited for it");
    assert_dies(unlock_twice, "unlocked that nobody has locked");
}
END_TEST

// ---------------------------------------------------------------------------
// Polled by hand: the order
// ---------------------------------------------------------------------------

enum { WAITERS = 5 };

static struct future *waiting[WAITERS];
static int wakes[WAITERS];

static struct poll poll_one(int i)
{
    struct waker waker = counting_waker(&wakes[i]);

    return future_poll(waiting[i], &(struct context){ &waker });
}

static bool is_woken(void *count)
{
    return __atomic_load_n((int *)count, __ATOMIC_SEQ_CST) > 0;
}

static void queue_all(void)
{
    event_new(&event);
    for (int i = 0; i < WAITERS; i++) waiting[i] = event_wait(&event);
    for (int i = 0; i < WAITERS; i++) ck_assert(!poll_one(i).ready);
}

// Whoever polls: the first is served first. A wake too many changes nothing.
START_TEST(test_event_first_come)
{
    queue_all();
    for (int i = 0; i < WAITERS; i++) event_notify_one(&event);
    for (int i = 0; i < WAITERS; i++) {
        wait_until(is_woken, &wakes[i]);
        for (int j = WAITERS - 1; j > i; j--) ck_assert(!poll_one(j).ready);
        ck_assert(poll_one(i).ready);
        future_drop(waiting[i]);
    }
    event_drop(&event);
    ck_assert_int_eq(count_epoll(), 0);
}
END_TEST

// One in the middle gives up, then the first, then the last: the second is told
// that it is first, and the notification is not lost.
START_TEST(test_event_gives_up)
{
    queue_all();
    future_drop(waiting[2]);
    ck_assert_int_eq(wakes[1], 0);
    event_notify_one(&event);
    wait_until(is_woken, &wakes[0]);
    future_drop(waiting[0]); // woken, and gives up before it reads
    wait_until(is_woken, &wakes[1]);
    future_drop(waiting[4]);
    ck_assert(!poll_one(3).ready);
    ck_assert(poll_one(1).ready);
    wait_until(is_woken, &wakes[3]);
    ck_assert(!poll_one(3).ready);
    event_notify_one(&event);
    future_drop(waiting[1]); // after it was ready: nothing more
    waiting[0] = event_wait(&event);
    ck_assert(!poll_one(0).ready);
    ck_assert(poll_one(3).ready);
    future_drop(waiting[3]);
    future_drop(waiting[0]);
    event_drop(&event);
    ck_assert_int_eq(count_epoll(), 0);
}
END_TEST

// ---------------------------------------------------------------------------
// Mutex
// ---------------------------------------------------------------------------

enum { SECTIONS = 100 };

static int arrived[SECTIONS], entered[SECTIONS], arrivals, entries, inside;

struct section {
    struct async async;
    int number;
};

static struct poll section_poll(struct future *future, struct context *cx)
{
    struct section *self = (struct section *)future;

    ASYNC_BEGIN(self);
    arrived[arrivals++] = self->number;
    AWAIT(self, mutex_lock(&mutex));
    ck_assert_int_eq(++inside, 1);
    entered[entries++] = self->number;
    AWAIT(self, yield_now()); // held across an await
    if (self->number % 10 == 0)
        AWAIT(self, timer_sleep(duration_from_millis(1)));
    ck_assert_int_eq(inside--, 1);
    mutex_unlock(&mutex);
    ASYNC_END(self, 0);
}

static struct future *section(int number)
{
    static const struct future_vtable vtable = { "section", section_poll,
                                                 async_drop };
    struct section *self = future_new(sizeof(*self), &vtable);

    self->number = number;
    return &self->async.future;
}

// A hundred critical sections, in the order in which they came. One of them has
// no patience, and is skipped.
START_TEST(test_mutex_in_order)
{
    struct task_joiner tasks[SECTIONS];

    ck_assert_int_eq(mutex_new(&mutex), 0);
    ck_assert_int_eq(executor_block_on(mutex_lock(&mutex)), 0);
    for (int i = 0; i < SECTIONS; i++) {
        struct future *future = section(i);
        if (i == 50) future = timeout(duration_from_millis(20), future);
        tasks[i] = executor_spawn(future);
    }
    sleep_for(.1);
    mutex_unlock(&mutex); // on this thread, where it was not locked
    for (int i = 0; i < SECTIONS; i++)
        ck_assert_int_eq(task_joiner_join(&tasks[i]), i == 50 ? -ETIMEDOUT : 0);
    ck_assert_int_eq(arrivals, SECTIONS);
    ck_assert_int_eq(entries, SECTIONS - 1);
    for (int i = 0; i < SECTIONS - 1; i++)
        ck_assert_int_eq(entered[i], arrived[i < 50 ? i : i + 1]);
    mutex_drop(&mutex);
    ck_assert_int_eq(count_epoll(), 0);
}
END_TEST

enum { ADDITIONS = 500 };

static int sum; // guarded by the mutex
static _Atomic int adders;

struct adder {
    struct async async;
    int i, seen;
};

static struct poll adder_poll(struct future *future, struct context *cx)
{
    struct adder *self = (struct adder *)future;

    ASYNC_BEGIN(self);
    for (self->i = 0; self->i < rounds(ADDITIONS); self->i++) {
        AWAIT(self, mutex_lock(&mutex));
        self->seen = sum;
        AWAIT(self, yield_now());
        sum = self->seen + 1;
        mutex_unlock(&mutex);
    }
    adders--;
    ASYNC_END(self, 0);
}

static struct future *adder(void)
{
    static const struct future_vtable vtable = { "adder", adder_poll,
                                                 async_drop };

    return future_new(sizeof(struct adder), &vtable);
}

static void *host_adders(void *unused)
{
    struct waker notification;
    struct pollfd pollfd = { .events = POLLIN };

    pollfd.fd = notification_new(&notification);
    struct local_executor *executor = local_executor_new(&notification);
    for (int i = 0; i < 3; i++) local_executor_spawn(executor, adder());
    do {
        ck_assert_int_eq(poll(&pollfd, 1, 10000 * (int)multiplier()), 1);
        notification_clear(pollfd.fd);
    } while (local_executor_run_pending(executor) > 0);
    local_executor_drop(executor);
    return unused;
}

// Tasks of trale and of two local executors share one mutex: three threads.
START_TEST(test_mutex_on_any_thread)
{
    struct task_joiner tasks[3];
    pthread_t threads[2];

    adders = 9;
    mutex_new(&mutex);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, host_adders, NULL);
    for (int i = 0; i < 3; i++) tasks[i] = executor_spawn(adder());
    for (int i = 0; i < 3; i++) task_joiner_join(&tasks[i]);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    ck_assert_int_eq(adders, 0);
    ck_assert_int_eq(sum, 9 * rounds(ADDITIONS));
    mutex_drop(&mutex);
}
END_TEST

Suite *sync_suite(void)
{
    Suite *suite = suite_create("sync");

    add_test(suite, test_event_counts, 10);
    add_test(suite, test_event_notified_before, 4);
    add_test(suite, test_event_errors, 4);
    add_test(suite, test_sync_misuse, 10);
    add_test(suite, test_event_first_come, 10);
    add_test(suite, test_event_gives_up, 10);
    add_test(suite, test_mutex_in_order, 10);
    add_test(suite, test_mutex_on_any_thread, 30);
    return suite;
}
