// A local executor: on the thread of the test, which is its host, and on the
// hosts of examples/hosts/.
#include "child.h"
#include "examples/futures/spawn.h"
#include "examples/hosts/local_executor.h"
#include "examples/promises/lwt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// Tasks that say what happens to them
// ---------------------------------------------------------------------------

static char order[80]; // a letter for each poll, a capital one for each drop
static struct waker kept[8];
static struct local_executor *executor;
static int notified; // how often the host was told

struct letter {
    char name;
    int slot;  // where each poll leaves a waker, or -1
    int polls; // the last of which is ready
    void (*in_poll)(struct letter *self);
    void (*in_drop)(struct letter *self);
};

static struct poll letter_poll(void *data, struct context *cx)
{
    struct letter *self = data;

    order[strlen(order)] = self->name;
    if (self->slot >= 0) waker_drop(&kept[self->slot]);
    if (self->slot >= 0) kept[self->slot] = waker_clone(cx->waker);
    if (self->in_poll != NULL) self->in_poll(self);
    return --self->polls > 0 ? POLL_PENDING : POLL_READY(0);
}

static void letter_drop(void *data)
{
    struct letter *self = data;

    order[strlen(order)] = (char)(self->name - 'a' + 'A');
    if (self->in_drop != NULL) self->in_drop(self);
}

static void spawn_letter(struct letter *letter)
{
    local_executor_spawn(executor, poll_fn(letter_poll, letter_drop, letter));
}

static void executor_new(void)
{
    struct waker notification = counting_waker(&notified);

    executor = local_executor_new(&notification);
    ck_assert_ptr_null(notification.vtable);
}

static void wake_self(struct letter *self)
{
    struct waker waker = waker_clone(&kept[self->slot]);

    waker_wake(&waker);
}

// ---------------------------------------------------------------------------
// Turns and notifications
// ---------------------------------------------------------------------------

// Nothing runs by itself: to spawn is to queue and to notify.
START_TEST(test_local_spawn_only_notifies)
{
    struct letter a = { 'a', -1, 1, NULL, NULL }, b = a;

    b.name = 'b';
    executor_new();
    ck_assert_int_eq(notified, 0);
    spawn_letter(&a);
    ck_assert_int_eq(notified, 1);
    spawn_letter(&b);
    ck_assert_int_eq(notified, 1); // one for many
    ck_assert_str_eq(order, "");
    ck_assert_uint_eq(local_executor_run_pending(executor), 0);
    ck_assert_str_eq(order, "aAbB");
    ck_assert_uint_eq(local_executor_run_pending(executor), 0);
    ck_assert_int_eq(notified, 1);
    local_executor_drop(executor);
    ck_assert_int_le(count_threads(), 1 + sanitizer_threads());
}
END_TEST

// Wakes of two tasks, several times each, are one notification and one poll
// for each task, in the order in which they were woken.
START_TEST(test_local_many_wakes_one_notification)
{
    struct letter a = { 'a', 0, 2, NULL, NULL }, b = { 'b', 1, 2, NULL, NULL };

    executor_new();
    spawn_letter(&a);
    spawn_letter(&b);
    ck_assert_uint_eq(local_executor_run_pending(executor), 2);
    ck_assert_int_eq(notified, 1);
    for (int i = 0; i < 3; i++) {
        struct waker wakers[] = { waker_clone(&kept[1]),
                                  waker_clone(&kept[0]) };
        waker_wake(&wakers[0]);
        waker_wake(&wakers[1]);
    }
    struct waker again = waker_clone(&kept[1]); // keeps its place
    waker_wake(&again);
    ck_assert_int_eq(notified, 2);
    ck_assert_uint_eq(local_executor_run_pending(executor), 0);
    ck_assert_str_eq(order, "abbBaA");
    waker_wake(&kept[0]); // both are done
    waker_wake(&kept[1]);
    ck_assert_int_eq(notified, 2);
    local_executor_drop(executor);
}
END_TEST

// A task that wakes itself in its poll is polled once in each turn, after the
// others, and the host is told again each time.
START_TEST(test_local_one_poll_per_turn)
{
    struct letter a = { 'a', 0, 4, wake_self, NULL };
    struct letter b = { 'b', 1, 2, wake_self, NULL };

    executor_new();
    spawn_letter(&a);
    spawn_letter(&b);
    for (int turn = 1; turn <= 4; turn++) {
        ck_assert_int_eq(notified, turn);
        size_t left = local_executor_run_pending(executor);
        ck_assert_uint_eq(left, turn < 2 ? 2 : turn < 4 ? 1 : 0);
    }
    ck_assert_int_eq(notified, 5); // woken in its last poll, too
    ck_assert_str_eq(order, "ababBaaA");
    waker_drop(&kept[0]);
    waker_drop(&kept[1]);
    local_executor_drop(executor);
}
END_TEST

static struct letter child = { 'c', -1, 1, NULL, NULL };

static void spawn_child(struct letter *self)
{
    (void)self;
    spawn(poll_fn(letter_poll, letter_drop, &child));
}

// spawn(), which knows no executor, inside a task and outside on this thread.
START_TEST(test_local_spawn_is_here)
{
    struct letter a = { 'a', -1, 1, spawn_child, NULL };

    executor_new();
    spawn_letter(&a);
    ck_assert_uint_eq(local_executor_run_pending(executor), 1);
    ck_assert_str_eq(order, "aA"); // the child has the next turn
    ck_assert_int_eq(notified, 2);
    ck_assert_uint_eq(local_executor_run_pending(executor), 0);
    child.polls = 1;
    spawn_child(NULL);
    ck_assert_uint_eq(local_executor_run_pending(executor), 0);
    ck_assert_str_eq(order, "aAcCcC");
    local_executor_drop(executor);
    ck_assert(spawner == NULL);
}
END_TEST

// Two on one thread: inside a task, spawn() goes to the one that polls it.
START_TEST(test_local_two_executors)
{
    struct letter a = { 'a', -1, 1, spawn_child, NULL };
    struct waker none = counting_waker(&(int){ 0 });

    executor_new();
    struct local_executor *second = local_executor_new(&none);
    spawn_letter(&a);
    ck_assert_uint_eq(local_executor_run_pending(executor), 1);
    ck_assert_uint_eq(local_executor_run_pending(second), 0);
    ck_assert_uint_eq(local_executor_run_pending(executor), 0);
    child.polls = 1;
    spawn_child(NULL); // outside, the latest
    ck_assert_uint_eq(local_executor_run_pending(executor), 0);
    ck_assert_uint_eq(local_executor_run_pending(second), 0);
    ck_assert_str_eq(order, "aAcCcC");
    local_executor_drop(executor);
    local_executor_drop(second);
}
END_TEST

// ---------------------------------------------------------------------------
// Threads
// ---------------------------------------------------------------------------

enum { SPAWNERS = 4 };

static _Atomic int spawned_polls, foreign_polls;
static pthread_t own_thread;

static struct poll count_poll(void *data, struct context *cx)
{
    (void)data, (void)cx;
    spawned_polls++;
    foreign_polls += !pthread_equal(pthread_self(), own_thread);
    return POLL_READY(0);
}

static void *spawn_many(void *unused)
{
    for (int i = 0; i < rounds(2000); i++)
        local_executor_spawn(executor, poll_fn(count_poll, NULL, NULL));
    return unused;
}

// A descriptor is all that the host waits for, and no spawn of four threads is
// lost on the way.
START_TEST(test_local_spawn_on_any_thread)
{
    pthread_t threads[SPAWNERS];
    struct waker notification;
    int fd = notification_new(&notification);

    ck_assert_int_ge(fd, 0);
    own_thread = pthread_self();
    executor = local_executor_new(&notification);
    for (int i = 0; i < SPAWNERS; i++)
        pthread_create(&threads[i], NULL, spawn_many, NULL);
    while (spawned_polls < SPAWNERS * rounds(2000)) {
        struct pollfd pollfd = { .fd = fd, .events = POLLIN };
        ck_assert_int_eq(poll(&pollfd, 1, 5000 * (int)multiplier()), 1);
        notification_clear(fd);
        local_executor_run_pending(executor);
    }
    for (int i = 0; i < SPAWNERS; i++) pthread_join(threads[i], NULL);
    ck_assert_int_eq(foreign_polls, 0);
    local_executor_drop(executor);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1); // closed
}
END_TEST

static struct resolver resolver;

static void *resolve_there(void *unused)
{
    sleep_for(.02);
    local_executor_spawn(executor, promise_resolving(&resolver, 42));
    return unused;
}

struct async_promise {
    struct async async;
    struct promise *promise;
    intptr_t *result;
};

static struct poll await_promise(struct future *future, struct context *cx)
{
    struct async_promise *self = (struct async_promise *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, promise_await(self->promise));
    *self->result = self->async.value;
    ASYNC_END(self, 0);
}

static struct promise *note_value(intptr_t value, void *result)
{
    *(intptr_t *)result = value;
    return lwt_return(0);
}

// A promise is a future here too. One task has polled it before it is resolved,
// one asks afterwards, and a callback waits as well. Another thread resolves.
START_TEST(test_local_promise)
{
    static const struct future_vtable vtable = { "waiter", await_promise,
                                                 async_drop };
    struct async_promise {
        struct async async;
        struct promise *promise;
        intptr_t *result;
    } * waiters[2];
    intptr_t results[3] = { 0 };
    struct waker notification;
    int fd = notification_new(&notification);
    pthread_t thread;

    executor = local_executor_new(&notification);
    struct promise *promise = lwt_wait(&resolver);
    for (int i = 0; i < 2; i++) {
        waiters[i] = future_new(sizeof(*waiters[i]), &vtable);
        waiters[i]->promise = promise_clone(promise);
        waiters[i]->result = &results[i];
    }
    local_executor_spawn(executor, &waiters[0]->async.future);
    promise_drop(lwt_bind(promise, note_value, &results[2]));
    pthread_create(&thread, NULL, resolve_there, NULL);
    while (results[0] == 0) {
        struct pollfd pollfd = { .fd = fd, .events = POLLIN };
        ck_assert_int_eq(poll(&pollfd, 1, 5000 * (int)multiplier()), 1);
        notification_clear(fd);
        local_executor_run_pending(executor);
    }
    pthread_join(thread, NULL);
    local_executor_spawn(executor, &waiters[1]->async.future);
    ck_assert_uint_eq(local_executor_run_pending(executor), 0);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(results[i], 42);

    // A promise that is rejected.
    promise = lwt_wait(&resolver);
    promise_drop(lwt_catch(promise, note_value, &results[2]));
    promise_resolve(&resolver, -EIO);
    ck_assert_int_eq(results[2], -EIO);

    // A task's output as a promise, and its end when the executor drops it.
    struct promise *ready_one = promise_spawn(ready(7));
    struct promise *pending_one = promise_spawn(pending());
    ck_assert_uint_eq(local_executor_run_pending(executor), 1);
    ck_assert_int_eq(promise_poll(ready_one).value, 7);
    ck_assert_int_eq(promise_state(pending_one), PROMISE_SLEEP);
    local_executor_drop(executor);
    ck_assert_int_eq(promise_poll(pending_one).value, -ECANCELED);
    promise_drop(ready_one);
    promise_drop(pending_one);
}
END_TEST

// ---------------------------------------------------------------------------
// The end of an executor
// ---------------------------------------------------------------------------

// One that waits, one that can run, one that was never polled: each dropped
// once, also after a wake. Their wakers live on and do nothing.
START_TEST(test_local_drop)
{
    struct letter a = { 'a', 0, 9, NULL, NULL };
    struct letter b = { 'b', 1, 9, wake_self, NULL };
    struct letter c = { 'c', -1, 9, NULL, NULL };

    executor_new();
    spawn_letter(&a);
    spawn_letter(&b);
    local_executor_run_pending(executor);
    spawn_letter(&c);
    memset(order, 0, sizeof(order));
    int before = notified;
    local_executor_drop(executor);
    ck_assert_uint_eq(strlen(order), 3);
    for (const char *name = "ABC"; *name != '\0'; name++)
        ck_assert_ptr_nonnull(strchr(order, *name));
    struct waker clone = waker_clone(&kept[0]);
    waker_wake(&clone);
    waker_wake(&kept[0]);
    waker_drop(&kept[1]); // the last one: frees the executor
    ck_assert_int_eq(notified, before);
}
END_TEST

static void meddle(struct letter *self)
{
    (void)self;
    waker_drop(&kept[1]); // b's only one
    waker_wake(&kept[2]); // c's
    spawn_child(NULL);
}

// In its drop a future wakes one task, drops the last waker of another, and
// spawns a third: all are dropped, and nobody complains.
START_TEST(test_local_drop_meddles)
{
    struct letter a = { 'a', 0, 9, NULL, meddle };
    struct letter b = { 'b', 1, 9, NULL, NULL };
    struct letter c = { 'c', 2, 9, NULL, NULL };

    executor_new();
    spawn_letter(&a);
    spawn_letter(&b);
    spawn_letter(&c);
    child = (struct letter){ 'd', -1, 9, NULL, NULL };
    ck_assert_uint_eq(local_executor_run_pending(executor), 3);
    memset(order, 0, sizeof(order));
    local_executor_drop(executor);
    ck_assert_uint_eq(strlen(order), 4);
    for (const char *name = "ABCD"; *name != '\0'; name++)
        ck_assert_ptr_nonnull(strchr(order, *name));
    waker_drop(&kept[0]);
}
END_TEST

static void *wake_kept(void *unused)
{
    for (int i = 0; i < rounds(20000); i++) {
        struct waker waker = waker_clone(&kept[0]);
        waker_wake(&waker);
    }
    waker_drop(&kept[0]);
    return unused;
}

// A thread wakes while the executor is dropped, and after.
START_TEST(test_local_drop_while_woken)
{
    struct letter a = { 'a', 0, 9, NULL, NULL };
    struct waker notification;
    pthread_t thread;

    notification_new(&notification);
    executor = local_executor_new(&notification);
    spawn_letter(&a);
    local_executor_run_pending(executor);
    pthread_create(&thread, NULL, wake_kept, NULL);
    sleep_for(.001);
    local_executor_drop(executor);
    pthread_join(thread, NULL);
    ck_assert_str_eq(order, "aA");
}
END_TEST

// No descriptor is left: an errno, and nothing that could be woken.
START_TEST(test_notification_fails)
{
    struct waker waker = { NULL, &waker };
    struct rlimit old, none;

    getrlimit(RLIMIT_NOFILE, &old);
    none = (struct rlimit){ 0, old.rlim_max };
    setrlimit(RLIMIT_NOFILE, &none);
    int fd = notification_new(&waker);
    setrlimit(RLIMIT_NOFILE, &old); // the leak sanitizer opens files at the end
    ck_assert_int_eq(fd, -EMFILE);
    ck_assert_ptr_null(waker.vtable);
    ck_assert_ptr_null(waker.data);
}
END_TEST

// A full counter is readable, and that is all that a wake is to do.
START_TEST(test_notification)
{
    struct waker waker, clone;
    int fds = count_fds(), fd = notification_new(&waker);
    uint64_t most = UINT64_MAX - 1;

    ck_assert_int_eq(write(fd, &most, sizeof(most)), sizeof(most));
    clone = waker_clone(&waker);
    waker_wake(&clone);
    notification_clear(fd);
    struct pollfd pollfd = { .fd = fd, .events = POLLIN };
    ck_assert_int_eq(poll(&pollfd, 1, 0), 0);
    notification_clear(fd); // once more: nothing
    clone = waker_clone(&waker);
    waker_wake(&clone);
    ck_assert_int_eq(poll(&pollfd, 1, 0), 1);
    waker_drop(&waker);
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

// ---------------------------------------------------------------------------
// Misuse
// ---------------------------------------------------------------------------

static struct poll keep_none(void *data, struct context *cx)
{
    (void)data, (void)cx;
    return POLL_PENDING;
}

static void lose_waker(void)
{
    executor_new();
    local_executor_spawn(executor, poll_fn(keep_none, NULL, NULL));
    local_executor_run_pending(executor);
}

static void *drop_kept(void *unused)
{
    waker_drop(&kept[0]);
    return unused;
}

static void drop_last_waker(void)
{
    struct letter a = { 'a', 0, 2, NULL, NULL };
    pthread_t thread;

    executor_new();
    spawn_letter(&a);
    local_executor_run_pending(executor);
    pthread_create(&thread, NULL, drop_kept, NULL);
    pthread_join(thread, NULL);
}

// Rule 8, in the poll and at any time later.
START_TEST(test_local_can_never_run_again)
{
    assert_dies(lose_waker, "in task poll_fn#1: nobody holds a waker of it any "
                            "more, so it can never run again");
    assert_dies(drop_last_waker, "in task poll_fn#1: nobody holds a waker");
}
END_TEST

static void *run_there(void *unused)
{
    local_executor_run_pending(executor);
    return unused;
}

static void *drop_there(void *unused)
{
    local_executor_drop(executor);
    return unused;
}

static void *dump_there(void *unused)
{
    local_executor_dump(executor, stdout);
    return unused;
}

static void on_thread(void *(*body)(void *))
{
    pthread_t thread;

    executor_new();
    pthread_create(&thread, NULL, body, NULL);
    pthread_join(thread, NULL);
}

static void run_on_thread(void)
{
    on_thread(run_there);
}

static void drop_on_thread(void)
{
    on_thread(drop_there);
}

static void dump_on_thread(void)
{
    on_thread(dump_there);
}

START_TEST(test_local_wrong_thread)
{
    assert_dies(run_on_thread, "local_executor_run_pending was called on "
                               "another thread than local_executor_new");
    assert_dies(drop_on_thread, "local_executor_drop was called on another");
    assert_dies(dump_on_thread, "local_executor_dump was called on another");
}
END_TEST

static void run_self(struct letter *self)
{
    (void)self;
    local_executor_run_pending(executor);
}

static void drop_self(struct letter *self)
{
    (void)self;
    local_executor_drop(executor);
}

static void in_task(void (*in_poll)(struct letter *), bool when_dropped)
{
    struct letter a = { 'a', 0, 1, when_dropped ? NULL : in_poll,
                        when_dropped ? in_poll : NULL };

    executor_new();
    spawn_letter(&a);
    local_executor_run_pending(executor);
}

static void run_in_task(void)
{
    in_task(run_self, false);
}

static void run_in_drop(void)
{
    in_task(run_self, true);
}

static void drop_in_task(void)
{
    in_task(drop_self, false);
}

START_TEST(test_local_nested)
{
    assert_dies(run_in_task, "in task poll_fn#1: local_executor_run_pending "
                             "was called inside a task");
    assert_dies(run_in_drop, "in task poll_fn#1: local_executor_run_pending "
                             "was called inside a task");
    assert_dies(drop_in_task, "in task poll_fn#1: local_executor_drop was "
                              "called inside a task");
}
END_TEST

static void use_in_child(void)
{
    executor_new();
    pid_t pid = fork();
    if (pid == 0) local_executor_run_pending(executor);
    if (pid == 0) _exit(0);
    int status;
    waitpid(pid, &status, 0);
    local_executor_run_pending(executor); // the parent may
    if (WIFSIGNALED(status)) raise(WTERMSIG(status));
}

static void no_future(void)
{
    executor_new();
    local_executor_spawn(executor, NULL);
}

static void no_notification(void)
{
    local_executor_new(&(struct waker){ 0 });
}

static void close_notification(void)
{
    struct waker waker;

    close(notification_new(&waker));
    waker_wake(&waker);
}

static void clear_something(void)
{
    notification_clear(-1);
}

START_TEST(test_local_misuse)
{
    assert_dies(use_in_child, "used after fork in the child");
    assert_dies(no_future, "there is no future to spawn");
    assert_dies(no_notification, "needs a notification");
    assert_dies(close_notification, "the eventfd of a notification was closed");
    assert_dies(clear_something, "fd -1 is no notification");
}
END_TEST

// ---------------------------------------------------------------------------
// Hosts
// ---------------------------------------------------------------------------

static void assert_host_row(const char *host)
{
    char path[40];
    struct child process;

    snprintf(path, sizeof(path), "hosts/%s", host);
    child_start(&process, path, NULL);
    int code = child_end(&process);
    ck_assert_str_eq(process.err.text, "");
    ck_assert_msg(code == 0, "%s", process.out.text);
    ck_assert_int_eq(process.lines, 1);
    ck_assert_int_eq(strncmp(process.out.text, host, strlen(host)), 0);
}

START_TEST(test_hosts_scenario)
{
    assert_prints("hosts/scenario", sanitizer_threads() == 0 ? 1 : 0);
}
END_TEST

// The diagram in the README is a run of it, line for line.
START_TEST(test_hosts_scenario_is_drawn)
{
    static char readme[32768];
    FILE *file = fopen("examples/hosts/README.md", "r");
    struct child process;

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_gt(fread(readme, 1, sizeof(readme) - 1, file), 0);
    fclose(file);
    child_start(&process, "hosts/scenario", NULL);
    ck_assert_int_eq(child_end(&process), 0);
    char *drawn = strstr(readme, "lwt_main ->> rust_test");
    ck_assert_ptr_nonnull(drawn);
    ck_assert_int_eq(strncmp(drawn, process.out.text, process.out.len), 0);
    ck_assert_int_eq(strncmp(drawn + process.out.len, "```", 3), 0);
}
END_TEST

START_TEST(test_hosts_drop)
{
    assert_prints("hosts/drop", 0);
}
END_TEST

START_TEST(test_hosts_parker)
{
    assert_prints("hosts/parker", 0);
}
END_TEST

START_TEST(test_host_poll)
{
    assert_host_row("poll");
}
END_TEST

START_TEST(test_host_thread)
{
    assert_host_row("thread");
}
END_TEST

Suite *hosts_suite(void)
{
    Suite *suite = suite_create("hosts");

    add_test(suite, test_notification_fails, 10);
    add_test(suite, test_local_spawn_only_notifies, 4);
    add_test(suite, test_local_many_wakes_one_notification, 4);
    add_test(suite, test_local_one_poll_per_turn, 4);
    add_test(suite, test_local_spawn_is_here, 4);
    add_test(suite, test_local_two_executors, 4);
    add_test(suite, test_local_spawn_on_any_thread, 20);
    add_test(suite, test_local_promise, 10);
    add_test(suite, test_local_drop, 4);
    add_test(suite, test_local_drop_meddles, 4);
    add_test(suite, test_local_drop_while_woken, 10);
    add_test(suite, test_notification, 4);
    add_test(suite, test_local_can_never_run_again, 10);
    add_test(suite, test_local_wrong_thread, 10);
    add_test(suite, test_local_nested, 10);
    add_test(suite, test_local_misuse, 10);
    add_test(suite, test_hosts_scenario, 10);
    add_test(suite, test_hosts_scenario_is_drawn, 10);
    add_test(suite, test_hosts_drop, 10);
    add_test(suite, test_hosts_parker, 10);
    add_test(suite, test_host_poll, 30);
    add_test(suite, test_host_thread, 30);
    return suite;
}
