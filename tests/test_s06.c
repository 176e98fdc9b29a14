// The parts of step 6, the last one with a reactor that keeps the first waker.
#define main s06_main
#include "examples/steps/s06_executor.c"

#include "step_wakers.h"

// What step 7 mends: the first waker is woken, not the last one.
START_TEST(test_s06_keeps_first_waker)
{
    bool first, second;

    poll_with_two(&first, &second);
    ck_assert(first && !second);
}
END_TEST

static int ended;

static struct poll child_poll(struct future *future, struct waker waker)
{
    (void)future;
    (void)waker;
    ended++;
    return POLL_READY(0);
}

static struct poll parent_poll(struct future *future, struct waker waker)
{
    (void)waker;
    for (int i = 0; i < 3; i++)
        executor_spawn(future_new(sizeof(*future), child_poll));
    ended++;
    return POLL_READY(0);
}

// A task may spawn others, and they too are run to their end.
START_TEST(test_s06_spawn_within_task)
{
    silence();
    executor_spawn(future_new(sizeof(struct future), parent_poll));
    block_on(future_new(sizeof(struct future), child_poll));
    ck_assert_int_eq(ended, 5);
    ck_assert_int_eq(executor.pending, 0);
}
END_TEST

// Pending once, and woken before the poll has returned.
static struct poll twice_poll(struct future *future, struct waker waker)
{
    struct async *self = (struct async *)future;

    waker_wake(waker);
    waker_wake(waker);
    return self->state++ == 0 ? POLL_PENDING : POLL_READY(0);
}

// Of two wakes, the second comes when the task is ready: a false wake, which
// must not reach the task that is still pending.
START_TEST(test_s06_false_wake)
{
    silence();
    executor_spawn(future_new(sizeof(struct async), twice_poll));
    block_on(future_new(sizeof(struct async), twice_poll));
    ck_assert_int_eq(executor.pending, 0);
    ck_assert_int_eq(executor.spawned, 2);
}
END_TEST

void s06_tests(Suite *suite)
{
    add_test(suite, test_s06_keeps_first_waker, 10);
    add_test(suite, test_s06_spawn_within_task, 10);
    add_test(suite, test_s06_false_wake, 10);
}
