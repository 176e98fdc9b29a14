// Fibers: stacks, fibers as futures, switches, and what goes wrong. In most of
// these tests the body of a test runs on a fiber, on the executor thread.
#include "child.h"
#include "examples/fibers/buf_read.h"
#include "examples/fibers/stack.h"
#include "examples/fibers/switch.h"
#include "examples/futures/spawn.h"
#include "examples/futures/tcp.h"
#include "examples/futures/timeout.h"
#include "examples/porting/async_eio.h"
#include "examples/promises/lwt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __has_feature // clang's way to ask
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

// What has happened, a letter each.
static char events[100];

static void note(char event)
{
    events[strlen(events)] = event;
}

static struct future *nap(void)
{
    return timer_sleep(duration_from_millis(5));
}

static struct future *long_sleep(void)
{
    return timer_sleep(duration_from_secs(60));
}

// Notes its letter, sleeps for long, and notes what that failed with: the letter
// in upper case for ECANCELED.
static intptr_t sleeper(void *letter)
{
    note(*(char *)letter);
    intptr_t value = fiber_await(long_sleep());
    if (value == -ECANCELED) note((char)(*(char *)letter - 'a' + 'A'));
    return value;
}

// No stack and no timer is left.
static void assert_nothing_left(int fds)
{
    ck_assert_uint_eq(stack_count(), 0);
    ck_assert_int_eq(count_fds(), fds);
}

// The number of descriptors once both threads run. On a slow machine a nap may be
// over before anybody could register it.
static int start_threads(void)
{
    do executor_block_on(nap());
    while (count_epoll() == -1);
    return count_fds();
}

// ---------------------------------------------------------------------------
// Stacks
// ---------------------------------------------------------------------------

static struct stack *inner_stack, *outer_stack;

static void inner(void *data)
{
    for (int i = 0; i < 3; i++) {
        ++*(int *)data;
        stack_leave(inner_stack);
    }
}

static void outer(void *data)
{
    int count = 0;

    inner_stack = stack_new("inner", inner, &count);
    while (!stack_enter(inner_stack)) {
        *(int *)data += 10;
        stack_leave(outer_stack);
    }
    *(int *)data += count;
}

// A stack is entered from another one, and both keep their locals.
START_TEST(test_nested_stacks)
{
    int data = 0, entered = 0;

    for (int again = 0; again < 2; again++) { // the second time from the cache
        outer_stack = stack_new("outer", outer, &data);
        ck_assert_int_eq(data, again * 33);
        while (!stack_enter(outer_stack)) entered++;
    }
    ck_assert_int_eq(data, 66);
    ck_assert_int_eq(entered, 6);
    ck_assert_uint_eq(stack_count(), 0);
}
END_TEST

static void nothing(void *data)
{
    (void)data;
}

static void *use_stack(void *data)
{
    ck_assert(stack_enter(stack_new("stack", nothing, data)));
    return NULL;
}

// A stack that was used on one thread is taken from the cache on another.
START_TEST(test_stack_on_two_threads)
{
    pthread_t threads[4];

    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, use_stack, NULL);
        for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    }
    ck_assert_uint_eq(stack_count(), 0);
}
END_TEST

// ---------------------------------------------------------------------------
// A fiber is a future
// ---------------------------------------------------------------------------

static int fib(int n)
{
    int value = n;

    if (n > 1) value = fib(n - 1) + fib(n - 2);
    fiber_await(n % 3 == 0 ? nap() : ready(n));
    return value;
}

static intptr_t fib_fiber(void *n)
{
    return fib((int)(intptr_t)n);
}

// Awaits in the middle of nested calls, two of them at the same time.
START_TEST(test_nested_await)
{
    int fds = start_threads();
    struct task_joiner a = executor_spawn(fiber(fib_fiber, (void *)8));
    struct task_joiner b = executor_spawn(fiber(fib_fiber, (void *)9));

    ck_assert_int_eq(task_joiner_join(&a), 21);
    ck_assert_int_eq(task_joiner_join(&b), 34);
    assert_nothing_left(fds);
}
END_TEST

struct block {
    struct async async;
};

static struct poll block_poll(struct future *future, struct context *cx)
{
    struct block *self = (struct block *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, fiber(fib_fiber, (void *)4));
    ASYNC_END(self, self->async.value + 100);
}

static struct future *block(void)
{
    static const struct future_vtable vtable = { "block", block_poll,
                                                 async_drop };

    return future_new(sizeof(struct block), &vtable);
}

// A fiber awaits an async block that awaits a fiber that awaits.
static intptr_t awaits_block(void *unused)
{
    (void)unused;
    intptr_t value = fiber_await(block());
    return value + fiber_await(fiber(fib_fiber, (void *)5));
}

START_TEST(test_fiber_in_block_in_fiber)
{
    ck_assert_int_eq(executor_block_on(fiber(awaits_block, NULL)), 108);
    ck_assert_uint_eq(stack_count(), 0);
}
END_TEST

// A fiber that loses a race is dropped: it runs to its end at once.
START_TEST(test_drop)
{
    int fds = start_threads();
    struct duration soon = duration_from_millis(5);
    intptr_t value = executor_block_on(timeout(soon, fiber(sleeper, "a")));

    ck_assert_int_eq(value, -ETIMEDOUT);
    ck_assert_str_eq(events, "aA");
    assert_nothing_left(fds);
    future_drop(fiber(sleeper, "b")); // was never polled
    ck_assert_str_eq(events, "aA");
}
END_TEST

// The same for one that is nested: first the inner one ends.
static intptr_t awaits_sleeper(void *unused)
{
    (void)unused;
    if (fiber_await(fiber(sleeper, "a")) == -ECANCELED) note('B');
    return -ECANCELED;
}

START_TEST(test_drop_nested)
{
    int fds = start_threads();
    struct future *future =
        timeout(duration_from_millis(5), fiber(awaits_sleeper, NULL));

    ck_assert_int_eq(executor_block_on(future), -ETIMEDOUT);
    ck_assert_str_eq(events, "aAB");
    assert_nothing_left(fds);
}
END_TEST

static intptr_t cancels_promise(void *unused)
{
    struct promise *promise = promise_spawn(fiber(sleeper, "a"));

    (void)unused;
    fiber_yield();
    promise_cancel(promise);
    note('.');
    intptr_t value = fiber_await(promise_await(promise));
    return value == -ECANCELED ? 0 : -1;
}

// A fiber, seen as a promise, is cancelled: it ends at once.
START_TEST(test_cancelled_promise)
{
    int fds = start_threads();

    ck_assert_int_eq(executor_block_on(fiber(cancels_promise, NULL)), 0);
    ck_assert_str_eq(events, "aA.");
    assert_nothing_left(fds);
}
END_TEST

// ---------------------------------------------------------------------------
// Switches
// ---------------------------------------------------------------------------

static void note_release(void *letter)
{
    note(*(char *)letter);
}

static void release_late(void *letter)
{
    ck_assert_int_eq(fiber_await(nap()), 0);
    note(*(char *)letter);
}

static intptr_t napper(void *letter)
{
    intptr_t value = fiber_await(nap());

    note(value == 0 ? *(char *)letter : '!');
    return value;
}

static intptr_t two_nappers(struct eio_switch *sw, void *unused)
{
    (void)unused;
    switch_on_release(sw, note_release, "1");
    switch_on_release(sw, release_late, "2");
    fiber_fork(sw, napper, "a");
    fiber_fork(sw, napper, "b");
    switch_on_release(sw, note_release, "3");
    note('.');
    return 42;
}

static intptr_t run_switch(void *function)
{
    // The cast goes by way of an address, for ISO C.
    intptr_t value = switch_run(*(switch_function **)function, NULL);

    note('|');
    return value;
}

// Runs the function in a switch, on a fiber.
static intptr_t on_switch(switch_function *function)
{
    return executor_block_on(fiber(run_switch, &function));
}

// A switch waits for its fibers, then releases, the newest first.
START_TEST(test_switch)
{
    int fds = start_threads();

    ck_assert_int_eq(on_switch(two_nappers), 42);
    ck_assert_str_eq(events, ".ab321|");
    assert_nothing_left(fds);
}
END_TEST

static intptr_t fails(void *unused)
{
    (void)unused;
    fiber_await(nap());
    note('!');
    return -EIO;
}

static intptr_t one_fails(struct eio_switch *sw, void *unused)
{
    (void)unused;
    switch_on_release(sw, release_late, "1"); // is not cancelled
    fiber_fork(sw, sleeper, "a");
    fiber_fork(sw, fails, NULL);
    fiber_fork(sw, sleeper, "b");
    return sleeper("c");
}

// One fiber fails: all others are cancelled, and so is the function. The first
// failure counts.
START_TEST(test_switch_fails)
{
    int fds = start_threads();

    ck_assert_int_eq(on_switch(one_fails), -EIO);
    ck_assert_str_eq(events, "cab!CAB1|");
    assert_nothing_left(fds);
}
END_TEST

static intptr_t fails_at_once(struct eio_switch *sw, void *unused)
{
    (void)unused;
    fiber_fork(sw, sleeper, "a"); // begins nevertheless
    switch_fail(sw, -EIO);
    switch_fail(sw, -EPERM);
    fiber_fork(sw, sleeper, "b");
    ck_assert_int_eq(fiber_check(), -ECANCELED);
    ck_assert_int_eq(fiber_yield(), -ECANCELED);
    return 1;
}

START_TEST(test_switch_fails_at_once)
{
    ck_assert_int_eq(on_switch(fails_at_once), -EIO);
    ck_assert_str_eq(events, "aAbB|");
    ck_assert_uint_eq(stack_count(), 0);
}
END_TEST

static intptr_t goes_on(struct eio_switch *sw, void *unused)
{
    (void)unused;
    switch_cancel(sw);
    for (int i = 0; i < 600; i++)
        ck_assert_int_eq(fiber_await(nap()), -ECANCELED);
    return 0;
}

static intptr_t goes_on_twice(void *unused)
{
    switch_run(goes_on, unused);
    ck_assert_int_eq(fiber_await(ready(1)), 1);
    return switch_run(goes_on, unused);
}

// Awaits that are refused count only if they come in a row.
START_TEST(test_refused_awaits)
{
    ck_assert_int_eq(executor_block_on(fiber(goes_on_twice, NULL)), 0);
}
END_TEST

// An executor that is about to end drops what is spawned. A forked fiber runs
// nevertheless, as it may own its arg.
static intptr_t forks_in_vain(struct eio_switch *sw, void *unused)
{
    (void)unused;
    spawner = future_drop;
    fiber_fork(sw, sleeper, "a");
    spawner = NULL;
    note('.');
    return 0;
}

START_TEST(test_forked_and_dropped)
{
    ck_assert_int_eq(on_switch(forks_in_vain), -ECANCELED);
    ck_assert_str_eq(events, "aA.|");
}
END_TEST

// A release function forks, and another one registers: all of it still runs.
static struct eio_switch *own_switch;

static void fork_late(void *letter)
{
    switch_on_release(own_switch, note_release, "1");
    fiber_fork(own_switch, napper, letter);
    note('f');
}

static intptr_t releases_more(struct eio_switch *sw, void *unused)
{
    (void)unused;
    own_switch = sw;
    switch_on_release(sw, fork_late, "a");
    return 0;
}

START_TEST(test_release_forks)
{
    ck_assert_int_eq(on_switch(releases_more), 0);
    ck_assert_str_eq(events, "fa1|");
}
END_TEST

// A switch inside a child of a switch: the failure of the outer one gets in, and
// past a fiber that protects itself it does not.
static intptr_t inner_body(struct eio_switch *sw, void *unused)
{
    (void)unused;
    fiber_fork(sw, sleeper, "a");
    return 0;
}

static intptr_t with_inner_switch(void *unused)
{
    return switch_run(inner_body, unused);
}

static intptr_t protected_nap(void *unused)
{
    return fiber_protect(napper, unused);
}

static intptr_t nested(struct eio_switch *sw, void *unused)
{
    (void)unused;
    fiber_fork(sw, with_inner_switch, NULL);
    fiber_fork(sw, protected_nap, "b");
    fiber_yield();
    fiber_yield();
    switch_fail(sw, -EIO);
    note('!');
    return 0;
}

START_TEST(test_nested_switches)
{
    int fds = start_threads();

    ck_assert_int_eq(on_switch(nested), -EIO);
    ck_assert_str_eq(events, "a!Ab|");
    assert_nothing_left(fds);
}
END_TEST

// The owner is dropped: its children end before that returns. One of them has
// not begun, one is in fiber_protect, one has a switch of its own.
static intptr_t late_fork(void *unused)
{
    fiber_await(nap());
    fiber_fork(own_switch, sleeper, "z");
    note('f');
    return fiber_await(pending()) + (intptr_t)unused;
}

static intptr_t protected_sleeper(void *letter)
{
    return fiber_protect(sleeper, letter);
}

static intptr_t family(struct eio_switch *sw, void *unused)
{
    (void)unused;
    own_switch = sw;
    switch_on_release(sw, note_release, "1");
    fiber_fork(sw, with_inner_switch, NULL);
    fiber_fork(sw, protected_sleeper, "b");
    fiber_fork(sw, late_fork, NULL);
    return fiber_await(pending());
}

// Drops the fiber in the poll after the one in which late_fork has forked.
struct dropper {
    struct future future;
    struct future *family, *nap;
};

static struct poll dropper_poll(struct future *future, struct context *cx)
{
    struct dropper *self = (struct dropper *)future;

    if (strchr(events, 'f') == NULL) {
        ck_assert(!future_poll(self->family, cx).ready);
        future_drop(self->nap);
        self->nap = timer_sleep((struct duration){ 100000 });
        if (!future_poll(self->nap, cx).ready) return POLL_PENDING;
        struct waker waker = waker_clone(cx->waker);
        waker_wake(&waker);
        return POLL_PENDING;
    }
    note('[');
    future_drop(self->family);
    note(']');
    future_drop(self->nap);
    return POLL_READY(0);
}

START_TEST(test_drop_owner)
{
    static const struct future_vtable vtable = { "dropper", dropper_poll,
                                                 NULL };
    int fds = start_threads();
    switch_function *function = family;
    struct dropper *self = future_new(sizeof(*self), &vtable);

    self->family = fiber(run_switch, &function);
    ck_assert_int_eq(executor_block_on(&self->future), 0);
    if (strchr(events, 'z') < strchr(events, '[')) // it may have begun by then
        ck_assert_str_eq(events, "bafz[ABZ1|]");
    else
        ck_assert_str_eq(events, "baf[ABzZ1|]");
    assert_nothing_left(fds);
}
END_TEST

// ---------------------------------------------------------------------------
// Both, first
// ---------------------------------------------------------------------------

static intptr_t both_nap(void *unused)
{
    (void)unused;
    intptr_t value = fiber_both(napper, "a", napper, "b");
    note('|');
    intptr_t failure = fiber_both(fails, NULL, sleeper, "c");
    return value == 0 && failure == -EIO ? fiber_both(sleeper, "d", fails, NULL)
                                         : 0;
}

START_TEST(test_both)
{
    ck_assert_int_eq(executor_block_on(fiber(both_nap, NULL)), -EIO);
    ck_assert_str_eq(events, "ab|c!Cd!D");
    ck_assert_uint_eq(stack_count(), 0);
}
END_TEST

static intptr_t seven(void *unused)
{
    (void)unused;
    fiber_await(nap());
    return 7;
}

static intptr_t first_of(void *unused)
{
    (void)unused;
    ck_assert_int_eq(fiber_first(seven, NULL, sleeper, "a"), 7);
    note('|');
    ck_assert_int_eq(fiber_first(sleeper, "b", seven, NULL), 7);
    note('|');
    ck_assert_int_eq(fiber_first(sleeper, "c", fails, NULL), -EIO);
    ck_assert_int_eq(fiber_check(), 0); // what ended there does not end us
    return 1;
}

START_TEST(test_first)
{
    int fds = start_threads();

    ck_assert_int_eq(executor_block_on(fiber(first_of, NULL)), 1);
    ck_assert_str_eq(events, "aA|bB|c!C");
    assert_nothing_left(fds);
}
END_TEST

// ---------------------------------------------------------------------------
// Mistakes are told
// ---------------------------------------------------------------------------

static void await_outside(void)
{
    fiber_await(nap());
}

static struct poll awaits_poll(struct future *future, struct context *cx)
{
    (void)future, (void)cx;
    return POLL_READY(fiber_await(nap()));
}

static struct future *awaits_in_poll(void)
{
    static const struct future_vtable vtable = { "awaits", awaits_poll, NULL };

    return future_new(sizeof(struct future), &vtable);
}

static void await_in_task(void)
{
    executor_block_on(awaits_in_poll());
}

static intptr_t awaits_that(void *unused)
{
    (void)unused;
    return fiber_await(awaits_in_poll());
}

static void await_in_poll(void)
{
    executor_block_on(fiber(awaits_that, NULL));
}

static struct promise *callback(intptr_t value, void *env)
{
    (void)env;
    fiber_await(nap());
    return lwt_return(value);
}

static intptr_t resolves(void *unused)
{
    struct resolver resolver;
    struct promise *promise = promise_new(&resolver);

    (void)unused;
    promise_drop(lwt_bind(promise, callback, NULL));
    promise_resolve(&resolver, 1);
    return 0;
}

static void await_in_callback(void)
{
    executor_block_on(fiber(resolves, NULL));
}

static intptr_t stubborn(void *unused)
{
    (void)unused;
    while (fiber_await(long_sleep()) != 0) continue;
    return 0;
}

static void refuse_to_end(void)
{
    executor_block_on(timeout(duration_from_millis(1), fiber(stubborn, NULL)));
}

static struct future *own_future;

static intptr_t drops_itself(void *unused)
{
    (void)unused;
    future_drop(own_future);
    return 0;
}

static struct poll poll_own(void *data, struct context *cx)
{
    (void)data;
    return future_poll(own_future, cx);
}

static void end_oneself(void)
{
    own_future = fiber(drops_itself, NULL);
    executor_block_on(poll_fn(poll_own, NULL, NULL));
}

static void change_thread(void)
{
    int wakes = 0;
    struct waker waker = counting_waker(&wakes);
    struct context cx = { &waker };

    own_future = fiber(stubborn, NULL);
    future_poll(own_future, &cx);
    executor_block_on(poll_fn(poll_own, NULL, NULL));
}

static intptr_t loses_waker(void *data)
{
    return fiber_await(poll_fn(
        *(struct poll(**)(void *data, struct context *cx))data, NULL, NULL));
}

static struct poll lost_poll(void *data, struct context *cx)
{
    (void)data, (void)cx;
    return POLL_PENDING;
}

static void lose_waker(void)
{
    struct poll (*poll)(void *data, struct context *cx) = lost_poll;

    executor_block_on(fiber(loses_waker, &poll));
}

START_TEST(test_mistakes)
{
    assert_dies(await_outside, "fiber_await outside of a fiber");
    assert_dies(await_in_task, "in task awaits#1: fiber_await outside");
    assert_dies(await_in_poll, "inside the poll of a future");
    assert_dies(await_in_callback, "in a promise's callback");
    assert_dies(refuse_to_end, "the fiber stubborn has to end, but awaits at");
    assert_dies(end_oneself, "drops_itself is ended by itself");
    assert_dies(change_thread, "the fiber stubborn has changed its thread");
    assert_dies(lose_waker, "in task loses_waker#1: nobody holds a waker");
}
END_TEST

// gcc must not make a loop of it, nor clang a warning.
static int deep(int n)
{
    volatile char buffer[200];

    buffer[0] = (char)n;
    return n < 0 ? 0 : deep(n + 1) + buffer[0];
}

static intptr_t deep_fiber(void *unused)
{
    (void)unused;
    fiber_await(nap());
    return deep(0);
}

static void overflow(void)
{
    executor_block_on(fiber(deep_fiber, NULL));
}

static intptr_t awaits_deep(void *unused)
{
    return fiber_await(fiber(deep_fiber, unused));
}

static void overflow_nested(void)
{
    executor_block_on(fiber(awaits_deep, NULL));
}

START_TEST(test_overflow)
{
    assert_dies(overflow, "in task deep_fiber#1: the fiber deep_fiber has used "
                          "up its stack of 256 KiB");
    assert_dies(overflow_nested, "in task awaits_deep#1: the fiber deep_fiber "
                                 "has used up its stack");
}
END_TEST

// Any other fault stays what it was: the handler gives it back.
static intptr_t bad_write(void *address)
{
    *(volatile int *)address = 1;
    return 0;
}

START_TEST(test_other_fault)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        close(STDERR_FILENO); // where a sanitizer would report it
        executor_block_on(fiber(bad_write, (void *)64));
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status) ? WTERMSIG(status) == SIGSEGV
                                      : WEXITSTATUS(status) != 0,
                  "status %#x", (unsigned)status);
}
END_TEST

// ---------------------------------------------------------------------------
// Many
// ---------------------------------------------------------------------------

static long memory_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static struct promise *gate;

static intptr_t waits_at_gate(void *unused)
{
    (void)unused;
    return fiber_await(promise_await(promise_clone(gate)));
}

// The thread sanitizer allows 8,000 fibers.
static int many(void)
{
    return rounds(sanitizer_threads() > 0 ? 1000 : 10000);
}

static intptr_t crowd(struct eio_switch *sw, void *unused)
{
    struct resolver resolver;
    long before = memory_kib();
    int count = many();

    (void)unused;
    gate = promise_new(&resolver);
    for (int i = 0; i < count; i++) fiber_fork(sw, waits_at_gate, NULL);
    fiber_yield(); // all of them are before us in the run-queue
    ck_assert_uint_eq(stack_count(), (size_t)count + 1);
    note('.');
    long each = (memory_kib() - before) * 1024 / count;
    promise_resolve(&resolver, 7);
    promise_drop(gate);
    return each;
}

static int count_mappings(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    int count = 0;

    ck_assert_ptr_nonnull(file);
    for (int c; (c = getc(file)) != EOF;) count += c == '\n';
    fclose(file);
    return count;
}

// So many wait at the same time, and take 8 KB each at most.
START_TEST(test_crowd)
{
    intptr_t each = on_switch(crowd);

    ck_assert_str_eq(events, ".|");
    ck_assert_uint_eq(stack_count(), 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (many() == 10000) ck_assert_int_le(each, 8192);
    ck_assert_int_lt(count_mappings(), 1000); // a few stacks are kept
#else
    (void)each, (void)count_mappings;
#endif
}
END_TEST

static intptr_t ends(void *count)
{
    ++*(long *)count;
    return 0;
}

static intptr_t forks_ten(struct eio_switch *sw, void *count)
{
    for (int i = 0; i < 10; i++) fiber_fork(sw, ends, count);
    return 0;
}

static intptr_t forks_all(void *data)
{
    long *count = data, before = 0, all = rounds(1000000);

    while (*count < all) {
        switch_run(forks_ten, count);
        if (*count == all / 10) before = memory_kib();
    }
    return memory_kib() - before;
}

// A million fibers, one after the other, in flat memory.
START_TEST(test_fork_and_end)
{
    long count = 0;
    intptr_t grown = executor_block_on(fiber(forks_all, &count));

    ck_assert_int_eq(count, rounds(1000000));
    ck_assert_uint_eq(stack_count(), 0);
#ifndef __SANITIZE_ADDRESS__ // which keeps what was freed for a while
    if (rounds(2) == 2) ck_assert_int_lt(grown, 1024); // so does valgrind
#else
    (void)grown;
#endif
}
END_TEST

static intptr_t parks_one(struct eio_switch *sw, void *unused)
{
    fiber_fork(sw, waits_at_gate, unused);
    return fiber_yield();
}

static intptr_t waits_for_child(void *unused)
{
    return switch_run(parks_one, unused);
}

// Drops owners that wait for a child. Owner and child end, and so do their tasks.
static intptr_t drops_all(void *unused)
{
    struct resolver resolver;
    long before = 0;
    int all = rounds(20000);

    (void)unused;
    gate = promise_new(&resolver);
    for (int i = 0; i < all; i++) {
        struct promise *owner = promise_spawn(fiber(waits_for_child, NULL));
        for (int turn = 0; turn < 4; turn++) fiber_yield();
        ck_assert_uint_eq(stack_count(), 3);
        promise_cancel(owner);
        promise_drop(owner);
        ck_assert_uint_eq(stack_count(), 1);
        fiber_yield();
        if (i == all / 10) before = memory_kib();
    }
    promise_resolve(&resolver, 0);
    promise_drop(gate);
    return memory_kib() - before;
}

START_TEST(test_drop_many_owners)
{
    intptr_t grown = executor_block_on(fiber(drops_all, NULL));

    ck_assert_uint_eq(stack_count(), 0);
#ifndef __SANITIZE_ADDRESS__
    if (rounds(2) == 2) ck_assert_int_lt(grown, 1024);
#else
    (void)grown;
#endif
}
END_TEST

// ---------------------------------------------------------------------------
// Flows
// ---------------------------------------------------------------------------

// A flow that gives one byte at a time, however many are asked for.
static intptr_t read_byte(struct flow *flow, void *buf, size_t len)
{
    struct string_source *self = (struct string_source *)flow;

    if (*self->left == '\0' || len == 0) return 0;
    *(char *)buf = *self->left++;
    return 1;
}

static struct flow *slow_source(struct string_source *source, const char *text)
{
    static const struct flow_vtable vtable = { .read = read_byte };

    *source = (struct string_source){ { &vtable }, text };
    return &source->flow;
}

// Lines and the rest, of both kinds of source, at the limit and beyond it.
START_TEST(test_buf_read)
{
    for (int slow = 0; slow < 2; slow++) {
        struct flow *(*make)(struct string_source *, const char *) =
            slow ? slow_source : string_source;
        struct string_source source;
        char buf[6], *text;
        struct buf_read reader = { make(&source, "12345\n\nab"), buf,
                                   .max = 5 };

        // The newline needs room, too.
        ck_assert_int_eq(buf_read_line(&reader, &text), -EMSGSIZE);
        reader =
            (struct buf_read){ make(&source, "1234\n\nab"), buf, .max = 5 };
        ck_assert_int_eq(buf_read_line(&reader, &text), 4);
        ck_assert_str_eq(text, "1234");
        ck_assert_int_eq(buf_read_line(&reader, &text), 0);
        ck_assert_int_eq(buf_read_line(&reader, &text), 2);
        ck_assert_str_eq(text, "ab");
        ck_assert_int_eq(buf_read_line(&reader, &text), -EPIPE);
        reader = (struct buf_read){ make(&source, "12345"), buf, .max = 5 };
        ck_assert_int_eq(buf_read_take_all(&reader, &text), 5);
        ck_assert_str_eq(text, "12345");
        reader = (struct buf_read){ make(&source, "123456"), buf, .max = 5 };
        ck_assert_int_eq(buf_read_take_all(&reader, &text), -EMSGSIZE);
        reader = (struct buf_read){ make(&source, "a\nrest"), buf, .max = 5 };
        ck_assert_int_eq(buf_read_line(&reader, &text), 1);
        ck_assert_int_eq(buf_read_take_all(&reader, &text), 4);
        ck_assert_str_eq(text, "rest");
        ck_assert_int_eq(flow_write(reader.flow, "", 0), -ENOTSUP);
    }
}
END_TEST

// A copy where nothing ever has to wait: others have their turn nevertheless.
static int turns;
static bool copied;

static intptr_t write_nothing(struct flow *flow, const void *buf, size_t len)
{
    (void)flow, (void)buf, (void)len;
    return 0;
}

static intptr_t copies(void *unused)
{
    static const struct flow_vtable sink = { .write = write_nothing };
    struct string_source source;
    struct flow to = { &sink };
    char text[101];

    (void)unused;
    memset(text, 'x', 100);
    text[100] = '\0';
    intptr_t value = flow_copy(slow_source(&source, text), &to);
    copied = true;
    return value;
}

static intptr_t counts_turns(void *unused)
{
    (void)unused;
    for (; !copied; turns++) fiber_yield();
    return 0;
}

static intptr_t copies_beside(void *unused)
{
    return fiber_both(copies, unused, counts_turns, unused);
}

START_TEST(test_flow_copy_is_fair)
{
    ck_assert_int_eq(executor_block_on(fiber(copies_beside, NULL)), 0);
    ck_assert_int_ge(turns, 90);
}
END_TEST

// ---------------------------------------------------------------------------
// The bridge to callbacks
// ---------------------------------------------------------------------------

static int pair[2];

static intptr_t copy_pair(void *unused)
{
    struct async_flow async;
    struct flow *flow = async_eio_flow(&async, pair[0], pair[0]);

    (void)unused;
    intptr_t value = flow_copy(flow, flow);
    note(value == -ECANCELED ? 'C' : '?');
    return value;
}

// While a fiber waits for a reader of callbacks, into a buffer on its stack, it
// is cancelled. What comes later is not written to where the buffer was.
static intptr_t cancels_copy(void *unused)
{
    char text[8] = "";

    fiber_first(copy_pair, unused, seven, unused);
    ck_assert_int_eq(fiber_await(tcp_stream_write_all(pair[1], "late", 4)), 4);
    ck_assert_int_eq(fiber_await(tcp_stream_read(pair[0], text, 8)), 4);
    ck_assert_str_eq(text, "late");
    return 0;
}

START_TEST(test_cancelled_reader)
{
    int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

    ck_assert_int_eq(socketpair(AF_UNIX, type, 0, pair), 0);
    ck_assert_int_eq(executor_block_on(fiber(cancels_copy, NULL)), 0);
    ck_assert_str_eq(events, "C");
    ck_assert_uint_eq(stack_count(), 0);
}
END_TEST

// A fiber that a callback has started fails: its promise does, and no other.
static intptr_t in_loop(void *unused)
{
    struct promise *a = async_eio_run_eio(fails, unused);
    struct promise *b = async_eio_run_eio(seven, unused);

    ck_assert_int_eq(await_promise(a), -EIO);
    ck_assert_int_eq(await_promise(b), 7);
    promise_drop(async_eio_run_eio(sleeper, "a")); // is left behind
    promise_drop(async_eio_run_eio(sleeper, "b"));
    fiber_yield();
    return 5;
}

static intptr_t with_loop(void *unused)
{
    return async_eio_with_event_loop(in_loop, unused);
}

START_TEST(test_event_loop)
{
    int fds = start_threads();

    ck_assert_int_eq(executor_block_on(fiber(with_loop, NULL)), 5);
    ck_assert_str_eq(events, "!abAB");
    assert_nothing_left(fds);
}
END_TEST

// A port that nobody uses at this moment.
static uint16_t free_port(void)
{
    struct socket_addr addr = localhost(0);
    int listener = tcp_listener_bind(&addr);
    uint16_t port = ntohs(local_addr(listener).v4.sin_port);

    close(listener);
    return port;
}

static struct child run_step(int number, uint16_t port)
{
    struct child child;
    char name[40], argument[10];

    snprintf(name, sizeof(name), "porting/step%d", number);
    snprintf(argument, sizeof(argument), "%u", port);
    child_start(&child, name, argument);
    return child;
}

// Each step prints the same. It ends with 0 if the port is free after it.
START_TEST(test_porting_steps)
{
    for (int step = 1; step <= 5; step++) {
        struct child child = run_step(step, free_port());
        int code = child_end(&child);
        ck_assert_msg(code == 0, "step %d: %s", step, child.err.text);
        ck_assert_str_eq(child.out.text, "Client got: \"Hello\\n\"\n");
    }
}
END_TEST

// Somebody else listens at the port: each step says so.
START_TEST(test_porting_steps_fail)
{
    struct socket_addr addr = localhost(0);
    int listener = tcp_listener_bind(&addr);
    uint16_t port = ntohs(local_addr(listener).v4.sin_port);

    for (int step = 1; step <= 5; step++) {
        struct child child = run_step(step, port);
        ck_assert_int_eq(child_end(&child), 1);
        ck_assert_ptr_nonnull(strstr(child.err.text, "Address already in use"));
    }
    close(listener);
}
END_TEST

START_TEST(test_porting_rows)
{
    assert_prints("porting/rows", 0);
}
END_TEST

// ---------------------------------------------------------------------------
// The programs
// ---------------------------------------------------------------------------

#define TEST_PROGRAM(name)                 \
    START_TEST(test_fibers_##name)         \
    {                                      \
        assert_prints("fibers/" #name, 0); \
    }                                      \
    END_TEST

TEST_PROGRAM(fibers)
TEST_PROGRAM(flows)
TEST_PROGRAM(echo)

// A trace shows where a fiber is, and what it awaits there. The client is forked
// by fiber_first. It waits for the reply, since the server is on its thread.
START_TEST(test_trace_of_fiber)
{
    struct child child;
    char text[200];
    int number = 0, line = 0, fd = -1;

    ck_assert_int_eq(setenv("TRALE_TRACE", "1", 1), 0);
    child_start(&child, "fibers/flows", NULL);
    ck_assert_int_eq(child_end(&child), 0);
    for (char *at = child.err.text; fd == -1; at++) {
        at = strstr(at, "first#");
        ck_assert_msg(at != NULL, "no fiber reads:\n%.3000s", child.err.text);
        sscanf(at, "first#%*d at net.c:%d > read fd %d readable", &line, &fd);
    }
    FILE *source = fopen("examples/fibers/net.c", "r");
    ck_assert_ptr_nonnull(source);
    do {
        ck_assert_ptr_nonnull(fgets(text, sizeof(text), source));
        number++;
    } while (strstr(text, "tcp_stream_read(") == NULL);
    fclose(source);
    ck_assert_int_le(line, number); // the await begins there, or a line above
    ck_assert_int_ge(line, number - 1);
}
END_TEST

Suite *fibers_suite(void)
{
    Suite *suite = suite_create("fibers");

    add_test(suite, test_nested_stacks, 10);
    add_test(suite, test_stack_on_two_threads, 20);
    add_test(suite, test_nested_await, 10);
    add_test(suite, test_fiber_in_block_in_fiber, 10);
    add_test(suite, test_drop, 10);
    add_test(suite, test_drop_nested, 10);
    add_test(suite, test_cancelled_promise, 10);
    add_test(suite, test_switch, 10);
    add_test(suite, test_switch_fails, 10);
    add_test(suite, test_switch_fails_at_once, 10);
    add_test(suite, test_refused_awaits, 10);
    add_test(suite, test_forked_and_dropped, 10);
    add_test(suite, test_release_forks, 10);
    add_test(suite, test_nested_switches, 10);
    add_test(suite, test_drop_owner, 10);
    add_test(suite, test_both, 10);
    add_test(suite, test_first, 10);
    add_test(suite, test_mistakes, 30);
    add_test(suite, test_overflow, 20);
    add_test(suite, test_other_fault, 10);
    add_test(suite, test_crowd, 60);
    add_test(suite, test_fork_and_end, 60);
    add_test(suite, test_drop_many_owners, 60);
    add_test(suite, test_buf_read, 10);
    add_test(suite, test_flow_copy_is_fair, 10);
    add_test(suite, test_cancelled_reader, 10);
    add_test(suite, test_event_loop, 10);
    add_test(suite, test_porting_steps, 30);
    add_test(suite, test_porting_steps_fail, 30);
    add_test(suite, test_porting_rows, 20);
    add_test(suite, test_fibers_fibers, 20);
    add_test(suite, test_fibers_flows, 20);
    add_test(suite, test_fibers_echo, 20);
    add_test(suite, test_trace_of_fiber, 20);
    return suite;
}
