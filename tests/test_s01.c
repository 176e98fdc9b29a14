// The parts of step 1.
#define main s01_main
#include "examples/steps/s01_busy_poll.c"

#include "step_resolved.h"

// The machine written by hand must not be polled once more.
START_TEST(test_s01_resolved)
{
    assert_resolved_aborts();
}
END_TEST

// There is no connection before the first poll.
START_TEST(test_s01_lazy)
{
    assert_lazy();
}
END_TEST

void s01_tests(Suite *suite)
{
    add_test(suite, test_s01_resolved, 10);
    add_test(suite, test_s01_lazy, 10);
}
