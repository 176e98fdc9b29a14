// Futures, wakers and the await macros, mostly polled by hand; and the two
// small combinators, select and join, that anybody may write upon them.
#include "test.h"

#include <semaphore.h>

// ---------------------------------------------------------------------------
// What these tests share
// ---------------------------------------------------------------------------

// Counts what is done with a foreign waker.
struct tally {
    int clones, wakes, drops;
};

static void tally_clone(void *data)
{
    ((struct tally *)data)->clones++;
}

static void tally_wake(void *data)
{
    ((struct tally *)data)->wakes++;
}

static void tally_drop(void *data)
{
    ((struct tally *)data)->drops++;
}

static struct waker tally_waker(struct tally *tally)
{
    static const struct waker_vtable vtable = { tally_clone, tally_wake,
                                                tally_drop };

    return (struct waker){ &vtable, tally };
}

// Polls once, on this thread, with a waker that wakes nobody.
static struct poll poll_once(struct future *future)
{
    static int wakes;
    struct waker waker = counting_waker(&wakes);
    struct context cx = { &waker };

    return future_poll(future, &cx);
}

// Pending at its first `pendings` polls, ready with 42 at the next one.
struct counted {
    int pendings, polls, drops;
};

static struct poll counted_poll(void *data, struct context *cx)
{
    struct counted *self = data;

    if (self->polls++ == self->pendings) return POLL_READY(42);
    struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker);
    return POLL_PENDING;
}

static void counted_drop(void *data)
{
    ((struct counted *)data)->drops++;
}

static struct future *counted(struct counted *state)
{
    return poll_fn(counted_poll, counted_drop, state);
}

// ---------------------------------------------------------------------------
// Wakers
// ---------------------------------------------------------------------------

// Waking and dropping an empty waker does nothing, and it stays empty.
START_TEST(test_empty_waker)
{
    struct waker waker = { NULL, NULL };

    waker_wake(&waker);
    waker_drop(&waker);
    ck_assert(waker_take(&waker).vtable == NULL);
    ck_assert(waker.vtable == NULL);
}
END_TEST

// waker_take moves the waker out, unwoken and undropped, and leaves its place
// empty.
START_TEST(test_take_empties)
{
    struct tally tally = { 0 };
    struct waker place = tally_waker(&tally);
    struct waker taken = waker_take(&place);

    ck_assert(place.vtable == NULL);
    ck_assert_ptr_eq(taken.data, &tally);
    ck_assert(taken.vtable == tally_waker(&tally).vtable);
    waker_wake(&place);
    waker_drop(&place);
    ck_assert_int_eq(tally.clones + tally.wakes + tally.drops, 0);
}
END_TEST

// wake and drop each consume the waker: what they are called with is empty
// afterwards, so that whoever does it again does nothing.
START_TEST(test_wake_and_drop_consume)
{
    struct tally tally = { 0 };
    struct waker waker = tally_waker(&tally);
    struct waker clone = waker_clone(&waker);

    ck_assert_ptr_eq(clone.data, &tally);
    waker_wake(&clone);
    waker_wake(&clone);
    waker_drop(&clone);
    ck_assert(clone.vtable == NULL);
    waker_drop(&waker);
    waker_drop(&waker);
    ck_assert(waker.vtable == NULL);
    ck_assert_int_eq(tally.clones, 1);
    ck_assert_int_eq(tally.wakes, 1);
    ck_assert_int_eq(tally.drops, 1);
}
END_TEST

// The waker in a context is only borrowed. That it is const makes the compiler
// refuse to wake or drop it there.
START_TEST(test_context_lends_its_waker)
{
    struct context cx = { NULL };

    ck_assert(_Generic(cx.waker, const struct waker * : true, default : false));
}
END_TEST

// ---------------------------------------------------------------------------
// Futures
// ---------------------------------------------------------------------------

// future_new gives zeroed memory of the given size and a future that is
// neither done nor part of something else.
START_TEST(test_new_is_zeroed)
{
    static const struct future_vtable vtable = { "zeroed", NULL, NULL };
    struct {
        struct future future;
        char bytes[1000];
    } *zeroed = future_new(sizeof(*zeroed), &vtable);
    int sum = 0;

    for (size_t i = 0; i < sizeof(zeroed->bytes); i++) sum |= zeroed->bytes[i];
    ck_assert_int_eq(sum, 0);
    ck_assert_ptr_eq(zeroed->future.vtable, &vtable);
    ck_assert(!zeroed->future.done && !zeroed->future.in_place);
    future_drop(&zeroed->future);
}
END_TEST

static void poll_after_ready(void)
{
    struct future *future = ready(1);

    poll_once(future);
    poll_once(future);
}

static struct poll poll_after_ready_poll(void *data, struct context *cx)
{
    (void)data, (void)cx;
    poll_after_ready();
    return POLL_PENDING;
}

static void poll_after_ready_in_task(void)
{
    executor_block_on(poll_fn(poll_after_ready_poll, NULL, NULL));
}

// Hazard 12: a future is polled again after it was ready. The process must
// abort and name the future; inside a task the line names the task as well.
START_TEST(test_poll_after_ready_dies)
{
    assert_dies(poll_after_ready, "poll_fn was polled after it was ready");
    assert_dies(poll_after_ready_in_task, "in task poll_fn#1: ");
    assert_dies(poll_after_ready_in_task, "was polled after it was ready");
}
END_TEST

// Dropping a future runs its drop once, whether it was never polled, is
// pending or is ready. Dropping NULL does nothing.
START_TEST(test_drop_cancels)
{
    for (int polls = 0; polls <= 2; polls++) {
        struct counted state = { .pendings = 1 };
        struct future *future = counted(&state);
        struct poll poll = POLL_PENDING;
        for (int i = 0; i < polls; i++) poll = poll_once(future);
        ck_assert_int_eq(poll.ready, polls == 2);
        ck_assert_int_eq(state.drops, 0);
        future_drop(future);
        ck_assert_int_eq(state.drops, 1);
        ck_assert_int_eq(state.polls, polls);
    }
    future_drop(NULL);
}
END_TEST

// ---------------------------------------------------------------------------
// AWAIT
// ---------------------------------------------------------------------------

struct outputs {
    struct async async;
    intptr_t seen[4];
};

static struct poll outputs_poll(struct future *future, struct context *cx)
{
    struct outputs *self = (struct outputs *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, ready(7));
    self->seen[0] = self->async.value;
    AWAIT(self, yield_now());
    self->seen[1] = self->async.value;
    AWAIT(self, ready(INTPTR_MIN));
    self->seen[2] = self->async.value;
    AWAIT(self, ready(INTPTR_MAX));
    self->seen[3] = self->async.value;
    ASYNC_END(self, self->seen);
}

static struct outputs *outputs(void)
{
    static const struct future_vtable vtable = { "outputs", outputs_poll,
                                                 async_drop };

    return future_new(sizeof(struct outputs), &vtable);
}

// AWAIT leaves each future's output in async.value, be it ready at once or
// later. The block itself may be ready with a pointer.
START_TEST(test_await_leaves_the_output)
{
    struct outputs *block = outputs();

    ck_assert(!poll_once(&block->async.future).ready);
    struct poll poll = poll_once(&block->async.future);
    ck_assert(poll.ready);
    ck_assert_ptr_eq((intptr_t *)poll.value, block->seen);
    ck_assert_int_eq(block->seen[0], 7);
    ck_assert_int_eq(block->seen[1], 0);
    ck_assert_int_eq(block->seen[2], INTPTR_MIN);
    ck_assert_int_eq(block->seen[3], INTPTR_MAX);
    future_drop(&block->async.future);
}
END_TEST

struct looping {
    struct async async;
    int i, n, sum;
};

static struct poll looping_poll(struct future *future, struct context *cx)
{
    struct looping *self = (struct looping *)future;

    ASYNC_BEGIN(self);
    for (self->i = 0; self->i < self->n; self->i++) {
        if (self->i % 2 == 0)
            AWAIT(self, yield_now());
        else
            AWAIT(self, ready(self->i));
        self->sum += (int)self->async.value;
        while (self->async.value > 3) AWAIT(self, yield_now());
    }
    ASYNC_END(self, self->sum);
}

static struct future *looping(int n)
{
    static const struct future_vtable vtable = { "looping", looping_poll,
                                                 async_drop };
    struct looping *self = future_new(sizeof(*self), &vtable);

    self->n = n;
    return &self->async.future;
}

// AWAIT works in loops and in both branches of an if, with and without braces:
// the block resumes in the midst of them.
START_TEST(test_await_in_loops_and_ifs)
{
    struct future *block = looping(10);
    int polls = 1;

    ck_assert_int_eq(executor_block_on(looping(0)), 0);
    ck_assert_int_eq(executor_block_on(looping(1000)), 250000);
    while (!poll_once(block).ready) polls++;
    ck_assert_int_eq(((struct looping *)block)->sum, 25);
    // Pending at 0, 2, 4, 6, 8, and once more after 5, 7 and 9.
    ck_assert_int_eq(polls, 9);
    future_drop(block);
}
END_TEST

struct early {
    struct async async;
    int when;
};

static struct poll early_poll(struct future *future, struct context *cx)
{
    struct early *self = (struct early *)future;

    ASYNC_BEGIN(self);
    if (self->when == 0) return POLL_READY(100);
    AWAIT(self, yield_now());
    if (self->when == 1) return POLL_READY(101);
    AWAIT(self, yield_now());
    ASYNC_END(self, 102);
}

static struct future *early(int when)
{
    static const struct future_vtable vtable = { "early", early_poll,
                                                 async_drop };
    struct early *self = future_new(sizeof(*self), &vtable);

    self->when = when;
    return &self->async.future;
}

// A block may return POLL_READY early, before or after an AWAIT.
START_TEST(test_early_return)
{
    for (int when = 0; when <= 2; when++)
        ck_assert_int_eq(executor_block_on(early(when)), 100 + when);
}
END_TEST

struct switching {
    struct async async;
    int choice;
};

static struct poll switching_poll(struct future *future, struct context *cx)
{
    struct switching *self = (struct switching *)future;

    ASYNC_BEGIN(self);
    switch (self->choice) {
    case 1:
        AWAIT(self, ready(11));
        break;
    case 2:
        AWAIT(self, yield_now());
        break;
    }
    ASYNC_END(self, self->async.value);
}

static struct future *switching(int choice)
{
    static const struct future_vtable vtable = { "switching", switching_poll,
                                                 async_drop };
    struct switching *self = future_new(sizeof(*self), &vtable);

    self->choice = choice;
    return &self->async.future;
}

static void resume_in_switch(void)
{
    executor_block_on(switching(2));
}

// An AWAIT inside a switch of the user's own cannot be resumed: then it aborts
// with its reason. A future that is ready at once needs no resuming.
START_TEST(test_await_in_switch_dies)
{
    assert_dies(resume_in_switch,
                "in task switching#1: an AWAIT inside a switch");
    assert_dies(resume_in_switch, "an AWAIT inside a switch cannot be resumed");
    ck_assert_int_eq(executor_block_on(switching(1)), 11);
}
END_TEST

struct nothing {
    struct async async;
};

static struct poll nothing_poll(struct future *future, struct context *cx)
{
    struct nothing *self = (struct nothing *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, NULL);
    ASYNC_END(self, 0);
}

static void await_nothing(void)
{
    static const struct future_vtable vtable = { "nothing", nothing_poll,
                                                 async_drop };

    executor_block_on(future_new(sizeof(struct nothing), &vtable));
}

// An AWAIT of NULL aborts with its reason.
START_TEST(test_await_null_dies)
{
    assert_dies(await_nothing,
                "there is nothing to await: a NULL future, or an empty joiner");
}
END_TEST

// Awaits a counted future, then one that is pending for ever.
struct nested {
    struct async async;
    struct counted *state;
    int drops_then; // of the counted one, when it had been awaited
};

static struct poll nested_poll(struct future *future, struct context *cx)
{
    struct nested *self = (struct nested *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, counted(self->state));
    self->drops_then = self->state->drops;
    AWAIT(self, pending());
    ASYNC_END(self, 0);
}

static struct nested *nested(struct counted *state)
{
    static const struct future_vtable vtable = { "nested", nested_poll,
                                                 async_drop };
    struct nested *self = future_new(sizeof(*self), &vtable);

    self->state = state;
    return self;
}

// A block that is dropped drops the future that it awaits, once; of one that
// it has not come to it knows nothing.
START_TEST(test_drop_drops_the_child)
{
    struct counted state = { .pendings = 1 };
    struct nested *block = nested(&state);

    future_drop(&nested(&state)->async.future);
    ck_assert_int_eq(state.drops, 0);
    poll_once(&block->async.future);
    ck_assert_int_eq(state.drops, 0);
    future_drop(&block->async.future);
    ck_assert_int_eq(state.drops, 1);
    ck_assert_int_eq(state.polls, 1);
}
END_TEST

// A future that was ready is dropped before the block goes on to its next
// statement, and not again when the block is dropped.
START_TEST(test_await_drops_the_child)
{
    struct counted state = { .pendings = 1 };
    struct nested *block = nested(&state);

    ck_assert(!poll_once(&block->async.future).ready);
    ck_assert(!poll_once(&block->async.future).ready);
    ck_assert_int_eq(block->drops_then, 1);
    ck_assert_ptr_nonnull(block->async.child); // pending()
    future_drop(&block->async.future);
    ck_assert_int_eq(state.drops, 1);
    ck_assert_int_eq(state.polls, 2);
}
END_TEST

// A hand-written state machine calls await: while the future is pending it
// keeps its place, once it is ready its output is passed on and NULL is left.
START_TEST(test_await_by_hand)
{
    struct counted state = { .pendings = 1 };
    struct future *child = counted(&state), *same = child;
    struct waker waker = { NULL, NULL };
    struct context cx = { &waker };
    struct tally tally = { 0 };

    waker = tally_waker(&tally);
    ck_assert(!await(&child, &cx).ready);
    ck_assert_ptr_eq(child, same);
    ck_assert_int_eq(tally.wakes, 1); // it was the context's waker
    struct poll poll = await(&child, &cx);
    ck_assert(poll.ready);
    ck_assert_int_eq(poll.value, 42);
    ck_assert_ptr_null(child);
    ck_assert_int_eq(state.drops, 1);
}
END_TEST

// Spawns a task and awaits it; the joiner is part of the block.
struct parent {
    struct async async;
    struct task_joiner joiner;
    int seen;
};

static struct poll parent_poll(struct future *future, struct context *cx)
{
    struct parent *self = (struct parent *)future;

    ASYNC_BEGIN(self);
    for (self->seen = 0; self->seen < 2; self->seen++) {
        self->joiner = executor_spawn(looping(10 * self->seen));
        AWAIT(self, &self->joiner.future);
        if (self->joiner.task != NULL) return POLL_READY(-1);
    }
    ASYNC_END(self, self->async.value);
}

static void parent_drop(struct future *future)
{
    async_drop(future);
    task_joiner_drop(&((struct parent *)future)->joiner);
}

static struct future *parent(void)
{
    static const struct future_vtable vtable = { "parent", parent_poll,
                                                 parent_drop };

    return future_new(sizeof(struct parent), &vtable);
}

// A joiner is a future that lives where its owner has put it: awaiting it
// gives the task's output, leaves it empty and does not free it. It can be
// filled and awaited again, and dropped while it is being awaited.
START_TEST(test_joiner_is_a_future)
{
    struct task_joiner joiner = executor_spawn(parent());
    struct future *dropped = parent();

    ck_assert(joiner.future.in_place);
    ck_assert_int_eq(task_joiner_join(&joiner), 25);
    poll_once(dropped);
    future_drop(dropped);
}
END_TEST

static void poll_joiner_after_ready(void)
{
    struct task_joiner joiner = executor_spawn(ready(5));

    task_joiner_join(&joiner);
    poll_once(&joiner.future);
}

// A joiner that was joined gives its output no more: polling it aborts.
START_TEST(test_joined_joiner_polled_dies)
{
    assert_dies(poll_joiner_after_ready,
                "joiner was polled after it was ready");
}
END_TEST

// Awaits its joiner, into which no task was ever spawned.
struct hasty {
    struct async async;
    struct task_joiner joiner;
};

static struct poll hasty_poll(struct future *future, struct context *cx)
{
    struct hasty *self = (struct hasty *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, &self->joiner.future);
    ASYNC_END(self, 0);
}

static void await_zeroed_joiner(void)
{
    static const struct future_vtable vtable = { "hasty", hasty_poll,
                                                 async_drop };

    executor_block_on(future_new(sizeof(struct hasty), &vtable));
}

static void poll_zeroed_joiner(void)
{
    struct task_joiner joiner = { .task = NULL };

    poll_once(&joiner.future);
}

// Hazard 50: a zeroed joiner is awaited, or polled by hand. That aborts with
// its reason, and names the task and the AWAIT.
START_TEST(test_zeroed_joiner_awaited_dies)
{
    assert_dies(await_zeroed_joiner, "there is nothing to await");
    assert_dies(await_zeroed_joiner,
                "in task hasty#1: there is nothing to await: a NULL future, ");
    assert_dies(poll_zeroed_joiner, "there is nothing to await");
}
END_TEST

// ---------------------------------------------------------------------------
// Select and join, by hand
// ---------------------------------------------------------------------------

// Ready when one of two futures is (select), with its index, or when both are
// (join). A select leaves the loser in *keep, or drops it if that is NULL.
struct two {
    struct future future;
    struct future *children[2];
    struct future **keep;
    int polls;
};

static struct poll select_poll(struct future *future, struct context *cx)
{
    struct two *self = (struct two *)future;

    self->polls++;
    for (int i = 0; i < 2; i++) {
        if (!await(&self->children[i], cx).ready) continue;
        if (self->keep == NULL) return POLL_READY(i);
        *self->keep = self->children[!i];
        self->children[!i] = NULL;
        return POLL_READY(i);
    }
    return POLL_PENDING;
}

static struct poll join_poll(struct future *future, struct context *cx)
{
    struct two *self = (struct two *)future;

    self->polls++;
    for (int i = 0; i < 2; i++)
        if (self->children[i] != NULL) await(&self->children[i], cx);
    if (self->children[0] != NULL || self->children[1] != NULL)
        return POLL_PENDING;
    return POLL_READY(self->polls);
}

static void two_drop(struct future *future)
{
    struct two *self = (struct two *)future;

    future_drop(self->children[0]);
    future_drop(self->children[1]);
}

static struct future *select_two(struct future *a, struct future *b,
                                 struct future **keep)
{
    static const struct future_vtable vtable = { "select", select_poll,
                                                 two_drop };
    struct two *self = future_new(sizeof(*self), &vtable);

    self->children[0] = a;
    self->children[1] = b;
    self->keep = keep;
    return &self->future;
}

static struct future *join_two(struct future *a, struct future *b)
{
    static const struct future_vtable vtable = { "join", join_poll, two_drop };
    struct two *self = future_new(sizeof(*self), &vtable);

    self->children[0] = a;
    self->children[1] = b;
    return &self->future;
}

static struct future *sleep_millis(int64_t millis)
{
    return timer_sleep(duration_from_millis(millis));
}

// Starts the reactor: polls a sleep, long enough to be pending, and drops it.
static void start_reactor(void)
{
    struct future *hour = timer_sleep(duration_from_secs(3600));

    ck_assert(!poll_once(hour).ready);
    future_drop(hour);
}

// Joins two such sleeps and checks that the longer one was waited for.
// Returns how often the task was polled.
static intptr_t join_sleeps(int a, int b)
{
    double start = now();
    intptr_t polls =
        executor_block_on(join_two(sleep_millis(a), sleep_millis(b)));
    double least = (a > b ? a : b) / 1000.0;

    ck_assert_msg(now() - start > least - 1e-6, "%d and %d: too early", a, b);
    return polls;
}

// Hazard 7: one task joins two timers of equal length by hand, so that it is
// woken twice in short succession. It must complete, each time.
START_TEST(test_join_equal_timers)
{
    for (int i = 0; i < rounds(300); i++) join_sleeps(1, 1);
    join_sleeps(0, 0);
}
END_TEST

// Hazard 7: one task joins two timers of unequal length by hand, so that the
// longer one is polled again while it is armed. It must complete, and not
// before the longer one is over.
START_TEST(test_join_unequal_timers)
{
    intptr_t polls = 0;

    for (int i = 0; i < rounds(100); i++)
        polls += join_sleeps(1, 3) + join_sleeps(3, 1);
    polls += join_sleeps(1, 200);
    join_sleeps(0, 20);
    // On a slow machine a timer may have passed before it is polled at all.
    ck_assert_int_gt(polls, 2 * rounds(100) + 1);
}
END_TEST

// Hazard 8: of two sleeps a select drops the one that loses. It must leave no
// descriptor behind, and the runtime must live on.
START_TEST(test_select_drops_the_loser)
{
    start_reactor();
    int fds = count_fds();

    for (int i = 0; i < rounds(300); i++) {
        struct future *day = timer_sleep(duration_from_secs(86400));
        bool swap = i % 2;
        struct future *soon = sleep_millis(1);
        struct future *a = swap ? day : soon, *b = swap ? soon : day;
        intptr_t winner = executor_block_on(select_two(a, b, NULL));
        ck_assert_int_eq(winner, swap);
    }
    ck_assert_int_eq(count_fds(), fds);
    ck_assert_int_eq(count_epoll(), 0);
    ck_assert_int_eq(executor_block_on(ready(1)), 1);
}
END_TEST

static bool epoll_empty(void *data)
{
    (void)data;
    return count_epoll() == 0;
}

// Hazard 8: of two sleeps a select keeps the one that loses, and the task ends
// before that fires. Its wake must be harmless: the runtime lives on, and the
// timer can be awaited by another task, before it has fired or after.
START_TEST(test_select_keeps_the_loser)
{
    start_reactor();
    for (int i = 0; i < 10; i++) {
        struct future *a = sleep_millis(5), *b = sleep_millis(20);
        struct future *loser = NULL;
        ck_assert_int_eq(executor_block_on(select_two(a, b, &loser)), 0);
        ck_assert_ptr_eq(loser, b);
        if (i % 2 == 0) wait_until(epoll_empty, NULL); // it has fired
        ck_assert_int_eq(executor_block_on(ready(1)), 1);
        ck_assert_int_eq(executor_block_on(loser), 0);
    }
}
END_TEST

// A select whose loser is awaited next: it must still take its full time.
struct patient {
    struct async async;
    struct future *loser;
};

static struct poll patient_poll(struct future *future, struct context *cx)
{
    struct patient *self = (struct patient *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, select_two(sleep_millis(1), sleep_millis(50), &self->loser));
    AWAIT(self, yield_now());
    AWAIT(self, self->loser);
    ASYNC_END(self, self->async.value);
}

// Hazard 8: the timer that lost a select is kept and awaited later by the same
// task. It must be ready then, and not before its time.
START_TEST(test_select_awaits_the_loser)
{
    static const struct future_vtable vtable = { "patient", patient_poll,
                                                 async_drop };
    double start = now();

    ck_assert_int_eq(
        executor_block_on(future_new(sizeof(struct patient), &vtable)), 0);
    ck_assert(now() - start > 0.05 - 1e-6);
}
END_TEST

// ---------------------------------------------------------------------------
// Spurious wakes
// ---------------------------------------------------------------------------

// Sleeps, and at its first poll gives the test a waker.
struct nagged {
    struct future *child;
    struct waker waker;
    sem_t given;
};

static struct poll nagged_poll(void *data, struct context *cx)
{
    struct nagged *self = data;

    if (self->child == NULL) {
        self->child = sleep_millis(100);
        self->waker = waker_clone(cx->waker);
        sem_post(&self->given);
    }
    return await(&self->child, cx);
}

// A task that sleeps is woken again and again for no reason. It must go on
// sleeping, and its sleep must neither end early nor fail.
START_TEST(test_spurious_wakes)
{
    double start = now();
    struct nagged nagged = { .child = NULL };

    sem_init(&nagged.given, 0, 0);
    struct task_joiner joiner =
        executor_spawn(poll_fn(nagged_poll, NULL, &nagged));
    while (sem_wait(&nagged.given) != 0) continue;
    for (int i = 0; i < rounds(1000); i++) {
        struct waker waker = waker_clone(&nagged.waker);
        waker_wake(&waker);
    }
    ck_assert_int_eq(task_joiner_join(&joiner), 0);
    ck_assert(now() - start > 0.1 - 1e-6);
    waker_drop(&nagged.waker);
    sem_destroy(&nagged.given);
}
END_TEST

// ---------------------------------------------------------------------------
// Durations
// ---------------------------------------------------------------------------

// The constructors count exactly and saturate at both ends.
START_TEST(test_duration_constructors_saturate)
{
    const int64_t secs = INT64_MAX / NANOS_PER_SEC;
    const int64_t millis = INT64_MAX / 1000000;

    ck_assert_int_eq(duration_from_secs(0).nanos, 0);
    ck_assert_int_eq(duration_from_secs(2).nanos, 2000000000);
    ck_assert_int_eq(duration_from_secs(-2).nanos, -2000000000);
    ck_assert_int_eq(duration_from_secs(secs).nanos, secs * NANOS_PER_SEC);
    ck_assert_int_eq(duration_from_secs(-secs).nanos, -secs * NANOS_PER_SEC);
    ck_assert_int_eq(duration_from_secs(secs + 1).nanos, INT64_MAX);
    ck_assert_int_eq(duration_from_secs(-secs - 1).nanos, INT64_MIN);
    ck_assert_int_eq(duration_from_secs(INT64_MAX).nanos, INT64_MAX);
    ck_assert_int_eq(duration_from_secs(INT64_MIN).nanos, INT64_MIN);
    ck_assert_int_eq(duration_from_millis(1500).nanos, 1500000000);
    ck_assert_int_eq(duration_from_millis(-1).nanos, -1000000);
    ck_assert_int_eq(duration_from_millis(millis).nanos, millis * 1000000);
    ck_assert_int_eq(duration_from_millis(millis + 1).nanos, INT64_MAX);
    ck_assert_int_eq(duration_from_millis(-millis - 1).nanos, INT64_MIN);
    ck_assert_int_eq(duration_from_millis(INT64_MIN).nanos, INT64_MIN);
}
END_TEST

Suite *future_suite(void)
{
    Suite *suite = suite_create("future");

    add_test(suite, test_empty_waker, 20);
    add_test(suite, test_take_empties, 20);
    add_test(suite, test_wake_and_drop_consume, 20);
    add_test(suite, test_context_lends_its_waker, 20);
    add_test(suite, test_new_is_zeroed, 20);
    add_test(suite, test_poll_after_ready_dies, 20);
    add_test(suite, test_drop_cancels, 20);
    add_test(suite, test_await_leaves_the_output, 20);
    add_test(suite, test_await_in_loops_and_ifs, 20);
    add_test(suite, test_early_return, 20);
    add_test(suite, test_await_in_switch_dies, 20);
    add_test(suite, test_await_null_dies, 20);
    add_test(suite, test_drop_drops_the_child, 20);
    add_test(suite, test_await_drops_the_child, 20);
    add_test(suite, test_await_by_hand, 20);
    add_test(suite, test_joiner_is_a_future, 20);
    add_test(suite, test_joined_joiner_polled_dies, 20);
    add_test(suite, test_zeroed_joiner_awaited_dies, 20);
    add_test(suite, test_join_equal_timers, 60);
    add_test(suite, test_join_unequal_timers, 60);
    add_test(suite, test_select_drops_the_loser, 60);
    add_test(suite, test_select_keeps_the_loser, 60);
    add_test(suite, test_select_awaits_the_loser, 60);
    add_test(suite, test_spurious_wakes, 60);
    add_test(suite, test_duration_constructors_saturate, 20);
    return suite;
}
