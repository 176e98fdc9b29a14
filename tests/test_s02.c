// The parts of step 2.
#define main s02_main
#include "examples/steps/s02_coroutine_wait.c"

#include "step_resolved.h"

// What the macros make must not be polled once more.
START_TEST(test_s02_resolved)
{
    assert_resolved_aborts();
}
END_TEST

// There is no connection before the first poll.
START_TEST(test_s02_lazy)
{
    assert_lazy();
}
END_TEST

void s02_tests(Suite *suite)
{
    add_test(suite, test_s02_resolved, 10);
    add_test(suite, test_s02_lazy, 10);
}
