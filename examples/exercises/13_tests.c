// 13. Tests that catch.
//
// This one is for whoever is done with the others: it is not graded.
//
// Concept. Five executors are broken, each in another way, and look right in
// everyday use. A test is worth something if it fails with what is broken; and
// it must pass with what is right, whatever else may be broken elsewhere.
//
// Read. examples/exercises/13_executor.h: with these functions you test;
// examples/exercises/13_executor.c, the executors themselves; NOTES.md,
// 'Invariants and states', rules 1 to 5; tests/test_task.c,
// 'test_many_wakes_one_poll' and others, which test trale.c in this way. In the
// book's chapter, 'Implementing a proper Executor'.
//
// Write five tests, the gaps below. Each must pass with the executor that is
// right, and fail with the broken one that is named above it; how it fares with
// the other four does not matter. A test that crashes or hangs has failed. Each
// test runs in a process of its own, with an executor that is fresh.
//
// You need: ck_assert_int_eq(a, b) for numbers, ck_assert_str_eq(a, b) for
// texts, and the puppets. With the executor that is right, this holds:
//
//     struct puppet *a = spawn("A", "kr");
//     ck_assert_int_eq(run(10), 1); // one poll, which was pending
//     wake(a);
//     ck_assert_int_eq(run(10), 1); // one more, which was ready
//
// Then type: make exercise N=13. If you are stuck: make hint N=13.
#include "13_executor.h"
#include "exercise.h"

// Broken: a wake that comes during the poll of its task is lost.
START_TEST(wake_during_poll)
{
    // ---- your code, in place of this line ----
    todo("a test for the executor that loses wakes");
    // ------------------------------------------
}
END_TEST

// Broken: of the tasks that can run, the one that was queued last is polled.
START_TEST(first_in_first_out)
{
    todo("a test for the executor whose queue is a stack");
}
END_TEST

// Broken: a task that is in the queue is queued once more when it is woken.
START_TEST(queued_once)
{
    todo("a test for the executor that queues a task twice");
}
END_TEST

// Broken: a task that is done is queued when it is woken, and polled again.
START_TEST(done_is_done)
{
    todo("a test for the executor that polls what is done");
}
END_TEST

// Broken: a clone of a waker is not counted as a reference to its task.
START_TEST(wakers_count)
{
    todo("a test for the executor that does not count wakers");
}
END_TEST

// Given: which test is for which executor.
void add_tests(TCase *cases[5])
{
    tcase_add_test(cases[0], wake_during_poll);
    tcase_add_test(cases[1], first_in_first_out);
    tcase_add_test(cases[2], queued_once);
    tcase_add_test(cases[3], done_is_done);
    tcase_add_test(cases[4], wakers_count);
}
