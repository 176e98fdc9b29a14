// Runs all suites, or the one that CK_RUN_SUITE names. A run that executed no
// test has failed. With the talking executor there is only the trace's suite.
#include "test.h"

#include <stdio.h>

static void add_other_suites(SRunner *runner)
{
    srunner_add_suite(runner, task_suite());
    srunner_add_suite(runner, reactor_suite());
    srunner_add_suite(runner, timer_suite());
    srunner_add_suite(runner, udp_suite());
    srunner_add_suite(runner, tcp_suite());
    srunner_add_suite(runner, examples_suite());
    srunner_add_suite(runner, servers_suite());
    srunner_add_suite(runner, steps_suite());
    srunner_add_suite(runner, promises_suite());
}

int main(void)
{
    bool talking = executor_dump != NULL;
    SRunner *runner = srunner_create(talking ? trace_suite() : future_suite());

    if (!talking) add_other_suites(runner);
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run_all(runner, CK_NORMAL);
    int run = srunner_ntests_run(runner);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (run == 0) fprintf(stderr, "No test was run: that is a failure.\n");
    return run == 0 || failed > 0;
}
