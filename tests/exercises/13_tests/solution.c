// 13. Tests that catch: the solution.
#include "13_executor.h"

// A wakes itself, and nobody else does: is it polled again?
START_TEST(wake_during_poll)
{
    spawn("A", "yr");
    ck_assert_int_eq(run(10), 2);
}
END_TEST

// When A can run again, B has waited for longer.
START_TEST(first_in_first_out)
{
    spawn("A", "yr");
    spawn("B", "r");
    run(10);
    ck_assert_str_eq(order, "A B A");
}
END_TEST

// One poll sees all that has happened, however often the task was woken.
START_TEST(queued_once)
{
    struct puppet *a = spawn("A", "k");
    run(10);
    wake(a);
    wake(a);
    ck_assert_int_eq(run(10), 1);
}
END_TEST

// The waker outlives the task's last poll, and may be woken all the same.
START_TEST(done_is_done)
{
    struct puppet *a = spawn("A", "r");
    run(10);
    wake(a);
    ck_assert_int_eq(run(10), 0);
}
END_TEST

// The task is done, but A still has a waker, which leads to its memory.
START_TEST(wakers_count)
{
    spawn("A", "r");
    run(10);
    ck_assert_int_eq(tasks_alive(), 1);
}
END_TEST

void add_tests(TCase *cases[5])
{
    tcase_add_test(cases[0], wake_during_poll);
    tcase_add_test(cases[1], first_in_first_out);
    tcase_add_test(cases[2], queued_once);
    tcase_add_test(cases[3], done_is_done);
    tcase_add_test(cases[4], wakers_count);
}
