// The parts of step 7, whose reactor keeps the last waker.
#define main s07_main
#include "examples/steps/s07_set_waker.c"

#include "step_wakers.h"

// Polled with two wakers in turn: only the second one is woken.
START_TEST(test_s07_keeps_last_waker)
{
    bool first, second;

    poll_with_two(&first, &second);
    ck_assert(!first && second);
}
END_TEST

// After reactor_deregister an event wakes nobody, though the descriptor is
// still open.
START_TEST(test_s07_deregister)
{
    struct queue queue = queue_new(1);
    int fds[2];

    reactor_start();
    ck_assert_int_eq(pipe(fds), 0);
    reactor_register(fds[0], queue.waker);
    reactor_deregister(fds[0]);
    ck_assert_int_eq(write(fds[1], "", 1), 1);
    wait_for_reactor();
    ck_assert(!is_woken(&queue));
}
END_TEST

void s07_tests(Suite *suite)
{
    add_test(suite, test_s07_keeps_last_waker, 10);
    add_test(suite, test_s07_deregister, 10);
}
