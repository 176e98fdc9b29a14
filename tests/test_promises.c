// Promises: the table of tests/lwt/, the programs of examples/promises/, and
// what goes wrong elsewhere. Where a test needs no executor it runs on the
// thread of the test, and there are no others.
#include "child.h"
#include "examples/futures/spawn.h"
#include "examples/futures/timeout.h"
#include "examples/promises/lwt.h"
#include "lwt/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// Beside real Lwt
// ---------------------------------------------------------------------------

static char *printed(void)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    for (const struct lwt_part *part = lwt_parts; part->name != NULL; part++)
        lwt_part_run(part, out);
    fclose(out);
    return text;
}

// Each of the small programs prints what it prints on Lwt, or where ours differs
// by design, what the line below that says.
START_TEST(test_lwt_table)
{
    FILE *table = fopen("tests/lwt/table.txt", "r");
    char *text = printed(), *rest = text, line[500] = "", next[500];
    int count = 0;

    ck_assert_ptr_nonnull(table);
    while (fgets(next, sizeof(next), table) != NULL || line[0] != '\0') {
        if (sscanf(next, "    ours:%499[^\n]", next) == 1) {
            strcpy(strchr(line, ':') + 1, next);
            strcat(line, "\n");
            next[0] = '\0';
            continue;
        }
        if (line[0] != '\0') {
            char *ours = strsep(&rest, "\n");
            line[strlen(line) - 1] = '\0';
            ck_assert_ptr_nonnull(ours);
            ck_assert_str_eq(ours, line);
            count++;
        }
        strcpy(line, next);
        next[0] = '\0';
    }
    ck_assert_str_eq(rest, "");
    ck_assert_int_ge(count, 60);
    fclose(table);
    free(text);
}
END_TEST

// ---------------------------------------------------------------------------
// The programs
// ---------------------------------------------------------------------------

#define TEST_PROGRAM(name)                   \
    START_TEST(test_promises_##name)         \
    {                                        \
        assert_prints("promises/" #name, 0); \
    }                                        \
    END_TEST

TEST_PROGRAM(bind)
TEST_PROGRAM(cancel)
TEST_PROGRAM(many)
TEST_PROGRAM(time)
TEST_PROGRAM(sync)
TEST_PROGRAM(challenges)
TEST_PROGRAM(challenges_await)
TEST_PROGRAM(counter)
TEST_PROGRAM(stack_table)
TEST_PROGRAM(invoke_remote)

// ---------------------------------------------------------------------------
// One promise and its callbacks
// ---------------------------------------------------------------------------

// What a callback has heard.
static intptr_t outcome;
static int heard;

static struct promise *hear(intptr_t value, void *env)
{
    (void)env;
    outcome = value;
    heard++;
    return lwt_return(value);
}

// Takes the promise over, and returns whether its outcome is this.
static bool is(struct promise *promise, intptr_t value)
{
    struct poll poll = promise_poll(promise);

    promise_drop(promise);
    return poll.ready && poll.value == value;
}

// A resolver that is dropped breaks its promise.
START_TEST(test_broken_promise)
{
    struct resolver resolver;
    struct promise *promise = promise_new(&resolver);

    resolver_drop(&resolver);
    ck_assert(is(promise, -EPIPE));
    resolver_drop(&resolver); // empty by now
    ck_assert_ptr_null(resolver.promise);
    promise_drop(NULL);
}
END_TEST

// All that a callback can do to the promise that it is called for.
static struct promise *own;
static struct resolver own_resolver;

static struct promise *misuse(intptr_t value, void *env)
{
    (void)env;
    heard++;
    promise_cancel(own);
    ck_assert_int_eq(promise_state(own), PROMISE_RETURN);
    promise_drop(lwt_bind(promise_clone(own), hear, NULL)); // is called at once
    ck_assert_int_eq(outcome, value);
    promise_drop(own); // the last reference but the caller's
    own = NULL;
    return lwt_return(value);
}

// A callback cancels, binds and drops its own promise.
START_TEST(test_callback_drops_its_promise)
{
    own = promise_new(&own_resolver);
    promise_drop(lwt_bind(promise_clone(own), misuse, NULL));
    promise_drop(lwt_bind(promise_clone(own), hear, NULL));
    promise_resolve(&own_resolver, 42);
    ck_assert_ptr_null(own);
    ck_assert_int_eq(heard, 3);
}
END_TEST

static struct promise *resolve_own(intptr_t value, void *env)
{
    (void)env;
    promise_resolve(&own_resolver, value); // it is cancelled: nothing happens
    return lwt_return(value);
}

static void cancel_own(void *env)
{
    (void)env;
    promise_cancel(own);
    promise_resolve(&own_resolver, 1);
}

// What runs because a promise was cancelled may resolve it, or cancel it again.
START_TEST(test_callback_resolves_its_promise)
{
    own = lwt_task(&own_resolver);
    promise_drop(lwt_catch(promise_clone(own), resolve_own, NULL));
    promise_cancel(own);
    ck_assert(is(own, -ECANCELED));
    own = lwt_task(&own_resolver);
    lwt_on_cancel(own, cancel_own, NULL);
    promise_cancel(own);
    ck_assert(is(own, -ECANCELED));
}
END_TEST

// A bind that is cancelled by its own function has no source any more, and not
// yet what the function returns: nothing happens.
static struct promise *cancel_bind(intptr_t value, void *bind)
{
    promise_cancel(*(struct promise **)bind);
    return lwt_return(value);
}

START_TEST(test_function_cancels_its_bind)
{
    struct resolver resolver;
    struct promise *bind = lwt_task(&resolver);

    bind = lwt_bind(bind, cancel_bind, &bind);
    promise_resolve(&resolver, 42);
    ck_assert(is(bind, 42));
}
END_TEST

// A hundred thousand of them leave nothing behind on a promise that goes on sleeping.
START_TEST(test_many_choices)
{
    struct resolver resolver;
    struct promise *stop = promise_new(&resolver);

    for (int i = 0; i < rounds(100000); i++) {
        struct resolver other;
        struct promise *p = promise_new(&other);
        struct promise *first = lwt_choose(PROMISES(promise_clone(stop), p));
        promise_resolve(&other, i);
        ck_assert(is(first, i));
        ck_assert_ptr_null(stop->callbacks);
    }
    resolver_drop(&resolver);
    promise_drop(stop);
}
END_TEST

// A condition loses a waiter in the middle, at the beginning, at the end.
START_TEST(test_waiters_leave)
{
    struct lwt_condition condition = { .waiters = { NULL, NULL } };
    struct promise *waiters[5];

    for (int i = 0; i < 5; i++)
        waiters[i] = lwt_condition_wait(&condition, NULL);
    promise_cancel(waiters[2]);
    promise_cancel(waiters[0]);
    promise_cancel(waiters[4]);
    lwt_condition_signal(&condition, 1);
    lwt_condition_signal(&condition, 2);
    lwt_condition_signal(&condition, 3); // lost
    static const intptr_t expected[] = { -ECANCELED, 1, -ECANCELED, 2,
                                         -ECANCELED };
    for (int i = 0; i < 5; i++) ck_assert(is(waiters[i], expected[i]));
    ck_assert_ptr_null(condition.waiters.first);
    ck_assert_ptr_null(condition.waiters.last);
}
END_TEST

// Of three that are resolved, choose takes each about as often.
START_TEST(test_choose_is_fair)
{
    int taken[3] = { 0, 0, 0 };

    for (int i = 0; i < 3000; i++) {
        struct promise *p =
            lwt_choose(PROMISES(lwt_return(0), lwt_return(1), lwt_return(2)));
        taken[promise_poll(p).value]++;
        promise_drop(p);
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_int_ge(taken[i], 800);
        ck_assert_int_le(taken[i], 1200);
    }
}
END_TEST

// ---------------------------------------------------------------------------
// Long chains, small stacks
// ---------------------------------------------------------------------------

// Runs the function on a thread with a stack of 64 KiB.
static void on_a_small_stack(void *(*f)(void *))
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    ck_assert_int_eq(pthread_attr_setstacksize(&attr, 64 * 1024), 0);
    ck_assert_int_eq(pthread_create(&thread, &attr, f, NULL), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attr);
}

static struct promise *add_one(intptr_t value, void *env)
{
    (void)env;
    return lwt_return(value + 1);
}

static void *long_chain(void *data)
{
    struct resolver resolver;
    struct promise *promise = promise_new(&resolver);
    int n = rounds(1000000);

    for (int i = 0; i < n; i++) promise = lwt_bind(promise, add_one, NULL);
    promise_resolve(&resolver, 0);
    ck_assert(is(promise, n));
    return data;
}

// A million binds, one after the other, resolve on a stack of 64 KiB.
START_TEST(test_long_chain)
{
    on_a_small_stack(long_chain);
}
END_TEST

static void *long_chain_cancelled(void *data)
{
    struct resolver resolver;
    struct promise *promise = lwt_task(&resolver);

    for (int i = 0; i < rounds(1000000); i++)
        promise = lwt_bind(promise, add_one, NULL);
    promise_cancel(promise);
    ck_assert(is(promise, -ECANCELED));
    resolver_drop(&resolver);
    return data;
}

// The same chain is cancelled from its end.
START_TEST(test_long_chain_cancelled)
{
    on_a_small_stack(long_chain_cancelled);
}
END_TEST

static struct promise *give(intptr_t value, void *promise)
{
    (void)value;
    return promise;
}

static void *long_proxies(void *data)
{
    struct resolver resolver, next;
    struct promise *promise = promise_new(&resolver);

    for (int i = 0; i < rounds(1000000); i++) {
        promise = lwt_bind(promise_new(&next), give, promise);
        promise_resolve(&next, 0);
    }
    promise_resolve(&resolver, 42);
    ck_assert(is(promise, 42));
    return data;
}

// Each promise becomes the next one, a million times; then the first resolver
// lets go of all of them.
START_TEST(test_long_proxies)
{
    on_a_small_stack(long_proxies);
}
END_TEST

// A loop, which binds itself to a promise that sleeps.
struct loop {
    struct resolver resolver;
    int left;
};

static struct promise *go_round(intptr_t value, void *env)
{
    struct loop *self = env;

    if (self->left-- == 0) return lwt_return(value);
    return lwt_bind(lwt_wait(&self->resolver), go_round, self);
}

// What malloc has given out, with a few pieces that it keeps for this thread; 0
// where a sanitizer or valgrind has a malloc of its own.
static size_t allocated(void)
{
    return mallinfo2().uordblks;
}

// A million rounds of it take no more memory than one.
START_TEST(test_loop_of_binds)
{
    struct loop loop = { .left = rounds(1000000) };
    struct promise *promise = go_round(0, &loop);
    size_t before = allocated();

    while (loop.resolver.promise != NULL) promise_resolve(&loop.resolver, 42);
    ck_assert_int_le(allocated(), before + 4096);
    ck_assert(is(promise, 42));
}
END_TEST

static struct promise *pause_round(intptr_t value, void *env)
{
    struct loop *self = env;

    if (self->left-- == 0) return lwt_return(value);
    return lwt_bind(lwt_pause(), pause_round, self);
}

static struct promise *pause_loop(void *env)
{
    return pause_round(0, env);
}

// The same with pauses, and so a task for each round.
START_TEST(test_loop_of_pauses)
{
    struct loop loop = { .left = 1000 };

    lwt_main_run(pause_loop, &loop);
    size_t before = allocated();
    loop.left = rounds(100000);
    lwt_main_run(pause_loop, &loop);
    ck_assert_int_le(allocated(), before + 4096);
}
END_TEST

// ---------------------------------------------------------------------------
// Threads
// ---------------------------------------------------------------------------

static void *touch(void *promise)
{
    promise_drop(promise_clone(promise));
    return NULL;
}

static void touch_on_another_thread(void)
{
    struct resolver resolver;
    struct promise *promise = promise_new(&resolver);
    pthread_t thread;

    pthread_create(&thread, NULL, touch, promise);
    pthread_join(thread, NULL);
}

// A promise is touched on a thread that did not make it.
START_TEST(test_foreign_thread)
{
    assert_dies(touch_on_another_thread, "foreign thread");
}
END_TEST

static void sleep_outside(void)
{
    own = lwt_unix_sleep(.01); // kept: valgrind looks for leaks here, too
    sleep_for(1);
}

// A promise made outside of any task, which a task would resolve.
START_TEST(test_spawned_elsewhere)
{
    assert_dies(sleep_outside, "foreign thread");
}
END_TEST

static void resolve_twice(void)
{
    struct resolver resolver;

    promise_drop(promise_new(&resolver));
    promise_resolve(&resolver, 1);
    future_drop(promise_resolving(&resolver, 2));
}

// Its resolver is empty after the first time.
START_TEST(test_resolved_twice)
{
    assert_dies(resolve_twice, "a resolver was used twice");
}
END_TEST

static void choose_none(void)
{
    lwt_pick(NULL, 0);
}

START_TEST(test_choose_of_none)
{
    assert_dies(choose_none, "would sleep for ever");
}
END_TEST

// Eight threads, each of which resolves its share of promises.
enum { THREADS = 8 };

static struct resolver *resolvers;
static int share;

static void *resolve_share(void *first)
{
    for (int i = 0; i < share; i++) {
        struct task_joiner joiner =
            executor_spawn(promise_resolving((struct resolver *)first + i, 1));
        task_joiner_drop(&joiner);
    }
    return NULL;
}

static struct promise *eight_threads(void *env)
{
    size_t n = (size_t)share * THREADS;
    struct promise **promises = malloc(n * sizeof(*promises));
    pthread_t *threads = env;

    resolvers = malloc(n * sizeof(*resolvers));
    for (size_t i = 0; i < n; i++)
        promises[i] = lwt_bind(promise_new(&resolvers[i]), hear, NULL);
    struct promise *joined = lwt_join(promises, n);
    free(promises);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, resolve_share,
                       &resolvers[(size_t)i * (size_t)share]);
    return joined;
}

START_TEST(test_eight_threads)
{
    pthread_t threads[THREADS];

    share = rounds(10000);
    ck_assert_int_eq(lwt_main_run(eight_threads, threads), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    ck_assert_int_eq(heard, THREADS * share);
    free(resolvers);
}
END_TEST

// ---------------------------------------------------------------------------
// Promises and futures
// ---------------------------------------------------------------------------

// Main of a test: runs on the executor thread.
static void run(lwt_thunk *main)
{
    ck_assert_int_eq(lwt_main_run(main, NULL), 0);
}

static struct promise *await_in_three_ways(void *env)
{
    struct resolver resolver;
    struct promise *promise = promise_new(&resolver);
    struct promise *a = promise_spawn(promise_await(promise_clone(promise)));
    struct promise *b = promise_spawn(promise_await(promise_clone(promise)));

    (void)env;
    promise_drop(lwt_bind(promise, hear, NULL)); // gone before a and b run
    spawn(promise_resolving(&resolver, 0));
    return lwt_join(PROMISES(a, b));
}

// Two tasks await a promise, a callback binds it, and all get the value.
START_TEST(test_await_twice_and_bind)
{
    run(await_in_three_ways);
    ck_assert_int_eq(heard, 1);
}
END_TEST

static struct promise *slow; // sleeps on
static struct resolver slow_resolver;

static struct promise *give_up(intptr_t value, void *env)
{
    (void)env;
    ck_assert_int_eq(value, -ETIMEDOUT);
    ck_assert_ptr_null(slow->callbacks);
    resolver_drop(&slow_resolver);
    ck_assert(is(slow, -EPIPE));
    return lwt_return(0);
}

static struct promise *await_and_give_up(void *env)
{
    (void)env;
    slow = promise_new(&slow_resolver);
    return lwt_catch(promise_spawn(timeout(duration_from_millis(10),
                                           promise_await(promise_clone(slow)))),
                     give_up, NULL);
}

// An await that is dropped leaves no callback behind.
START_TEST(test_await_dropped)
{
    run(await_and_give_up);
}
END_TEST

// A waker that counts how many there are of it, and how often it was woken.
struct counted {
    int wakers, wakes;
};

static void counted_clone(void *data)
{
    ((struct counted *)data)->wakers++;
}

static void counted_drop(void *data)
{
    ((struct counted *)data)->wakers--;
}

static void counted_wake(void *data)
{
    ((struct counted *)data)->wakes++;
    counted_drop(data);
}

// Polls with a waker that counts there.
static struct poll poll_counted(struct future *future, struct counted *counted)
{
    static const struct waker_vtable vtable = { counted_clone, counted_wake,
                                                counted_drop };

    return future_poll(
        future, &(struct context){ &(struct waker){ &vtable, counted } });
}

// An await keeps the latest waker, and gives back the others.
START_TEST(test_await_latest_waker)
{
    struct counted first = { 0, 0 }, second = { 0, 0 };
    struct resolver resolver;
    struct future *future = promise_await(promise_new(&resolver));

    ck_assert(!poll_counted(future, &first).ready);
    ck_assert(!poll_counted(future, &first).ready);
    ck_assert_int_eq(first.wakers, 1);
    ck_assert(!poll_counted(future, &second).ready);
    ck_assert_int_eq(first.wakers, 0);
    promise_resolve(&resolver, 42);
    ck_assert_int_eq(first.wakes, 0);
    ck_assert_int_eq(second.wakes, 1);
    struct poll poll = poll_counted(future, &first);
    ck_assert(poll.ready && poll.value == 42);
    future_drop(future);
    ck_assert_int_eq(first.wakers, 0);
    ck_assert_int_eq(second.wakers, 0);
}
END_TEST

// Its callback has run, and that of a bind behind it, which is freed by then.
START_TEST(test_await_dropped_late)
{
    struct counted counted = { 0, 0 };
    struct resolver resolver;
    struct promise *promise = promise_new(&resolver);
    struct future *future = promise_await(promise_clone(promise));

    ck_assert(!poll_counted(future, &counted).ready);
    promise_drop(lwt_bind(promise, hear, NULL));
    promise_resolve(&resolver, 42);
    future_drop(future);
    ck_assert_int_eq(counted.wakes, 1);
    ck_assert_int_eq(outcome, 42);
}
END_TEST

static int sock;

static struct promise *cancel_and_close(intptr_t value, void *receiving)
{
    (void)value;
    promise_cancel(receiving);
    promise_drop(receiving);
    ck_assert_int_eq(close(sock), 0);
    struct socket_addr addr = localhost(0);
    sock =
        udp_socket_bind(&addr); // gets the same number, and is not waited for
    ck_assert_int_eq(close(sock), 0);
    return lwt_return(0);
}

static struct promise *receive(void *env)
{
    static char buf[10];
    struct socket_addr addr = localhost(0);

    (void)env;
    sock = udp_socket_bind(&addr);
    struct promise *receiving =
        promise_spawn(udp_socket_recv_from(sock, buf, sizeof(buf), NULL));
    return lwt_bind(lwt_unix_sleep(.01), cancel_and_close, receiving);
}

// Cancelling a spawned future drops it before the next line, which may close
// what it waited for. Nothing is left with the reactor.
START_TEST(test_cancel_spawned)
{
    int fds = 0;

    run(receive); // the reactor's own descriptor comes with it
    fds = count_fds();
    run(receive);
    ck_assert_int_eq(count_fds(), fds);
    ck_assert_int_eq(count_epoll(), 0);
}
END_TEST

static int dropped;

static struct poll polled_never(void *data, struct context *cx)
{
    (void)data, (void)cx;
    ck_abort_msg("it was polled");
    return POLL_PENDING;
}

static void count_drop(void *data)
{
    (void)data;
    dropped++;
}

static struct promise *cancel_unpolled(void *env)
{
    struct promise *promise =
        promise_spawn(poll_fn(polled_never, count_drop, NULL));

    (void)env;
    promise_cancel(promise);
    ck_assert_int_eq(dropped, 1);
    ck_assert(is(promise, -ECANCELED));
    return lwt_pause();
}

// Cancelled before its first poll.
START_TEST(test_cancel_unpolled)
{
    run(cancel_unpolled);
    ck_assert_int_eq(dropped, 1);
}
END_TEST

static struct poll cancels_itself(void *data, struct context *cx)
{
    (void)data;
    promise_cancel(own);
    ck_assert_int_eq(dropped, 0); // not while it is being polled
    struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker);
    return POLL_PENDING;
}

static struct promise *cancel_in_poll(void *env)
{
    (void)env;
    own = promise_spawn(poll_fn(cancels_itself, count_drop, NULL));
    return lwt_catch(promise_clone(own), hear, NULL);
}

static struct promise *then_end(intptr_t value, void *env)
{
    (void)value, (void)env;
    promise_drop(own);
    return lwt_pause();
}

static struct promise *cancel_in_poll_end(void *env)
{
    struct promise *promise = cancel_in_poll(env);

    return lwt_try_bind(promise, then_end, then_end, NULL);
}

// Cancelled by its own poll: it is dropped when that has returned.
START_TEST(test_cancel_in_poll)
{
    run(cancel_in_poll_end);
    ck_assert_int_eq(outcome, -ECANCELED);
    ck_assert_int_eq(dropped, 1);
}
END_TEST

static struct future *caught;

static void catch_future(struct future *future)
{
    caught = future;
}

// Another executor takes what is spawned here, and drops it unpolled.
START_TEST(test_spawner)
{
    spawner = catch_future;
    struct promise *promise =
        promise_spawn(poll_fn(polled_never, count_drop, NULL));
    ck_assert_ptr_nonnull(caught);
    future_drop(caught);
    ck_assert_int_eq(dropped, 1);
    ck_assert(is(promise, -ECANCELED));
    struct resolver resolver;
    promise = promise_new(&resolver);
    spawn(promise_resolving(&resolver, 42));
    future_drop(caught); // it never resolved anything
    ck_assert(is(promise, -EPIPE));
    ck_assert_int_eq(count_threads(), 1 + sanitizer_threads());
}
END_TEST

// The task of a cancelled future is woken, to end.
START_TEST(test_cancel_wakes)
{
    struct counted counted = { 0, 0 };

    spawner = catch_future;
    struct promise *promise = promise_spawn(pending());
    ck_assert(!poll_counted(caught, &counted).ready);
    ck_assert_int_eq(counted.wakers, 2); // the task's, and the future's
    promise_cancel(promise);
    ck_assert_int_eq(counted.wakes, 1);
    ck_assert_int_eq(counted.wakers, 0);
    ck_assert(poll_counted(caught, &counted).ready);
    future_drop(caught);
    ck_assert(is(promise, -ECANCELED));
}
END_TEST

static struct promise *cancel_pending(intptr_t value, void *promise)
{
    (void)value;
    promise_cancel(promise);
    promise_drop(promise);
    return lwt_unix_sleep(.01);
}

static struct promise *spawn_pending(void *env)
{
    (void)env;
    return lwt_bind(lwt_pause(), cancel_pending, promise_spawn(pending()));
}

// The same in trale, which would abort if the only waker vanished.
START_TEST(test_cancel_pending)
{
    run(spawn_pending);
}
END_TEST

Suite *promises_suite(void)
{
    Suite *suite = suite_create("promises");

    add_test(suite, test_lwt_table, 10);
    add_test(suite, test_promises_bind, 10);
    add_test(suite, test_promises_cancel, 10);
    add_test(suite, test_promises_many, 10);
    add_test(suite, test_promises_time, 10);
    add_test(suite, test_promises_sync, 10);
    add_test(suite, test_promises_challenges, 10);
    add_test(suite, test_promises_challenges_await, 10);
    add_test(suite, test_promises_counter, 10);
    add_test(suite, test_promises_stack_table, 20);
    add_test(suite, test_promises_invoke_remote, 10);
    add_test(suite, test_broken_promise, 10);
    add_test(suite, test_callback_drops_its_promise, 10);
    add_test(suite, test_callback_resolves_its_promise, 10);
    add_test(suite, test_function_cancels_its_bind, 10);
    add_test(suite, test_many_choices, 20);
    add_test(suite, test_waiters_leave, 10);
    add_test(suite, test_choose_is_fair, 10);
    add_test(suite, test_long_chain, 30);
    add_test(suite, test_long_chain_cancelled, 30);
    add_test(suite, test_long_proxies, 30);
    add_test(suite, test_loop_of_binds, 30);
    add_test(suite, test_loop_of_pauses, 30);
    add_test(suite, test_foreign_thread, 10);
    add_test(suite, test_spawned_elsewhere, 10);
    add_test(suite, test_resolved_twice, 10);
    add_test(suite, test_choose_of_none, 10);
    add_test(suite, test_eight_threads, 30);
    add_test(suite, test_await_twice_and_bind, 10);
    add_test(suite, test_await_dropped, 10);
    add_test(suite, test_await_latest_waker, 10);
    add_test(suite, test_await_dropped_late, 10);
    add_test(suite, test_cancel_spawned, 10);
    add_test(suite, test_cancel_unpolled, 10);
    add_test(suite, test_cancel_in_poll, 10);
    add_test(suite, test_cancel_pending, 10);
    add_test(suite, test_spawner, 10);
    add_test(suite, test_cancel_wakes, 10);
    return suite;
}
