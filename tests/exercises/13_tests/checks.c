// Checks of exercise 13: tests that catch.
#define _GNU_SOURCE
#include "checks.h"
#include "part_executor.h"

#include "harness.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

const char exercise_read[] =
    "examples/exercises/13_executor.h; "
    "examples/exercises/13_executor.c; NOTES.md, 'Invariants and "
    "states', rules 1 to 5";

static const char *const names[] = { "wake_during_poll", "first_in_first_out",
                                     "queued_once", "done_is_done",
                                     "wakers_count" };

// What the address sanitizer says of a broken executor goes nowhere: to crash
// is a way of failing.
extern void __sanitizer_set_report_fd(void *fd) __attribute__((weak));
static bool quiet;

// Runs in the process of each test, first. A test that spins is ended.
static void prepare(void)
{
    struct itimerval cpu = { .it_value = { 0, 100000 } };
    struct rlimit core = { 0, 0 };

    setitimer(ITIMER_PROF, &cpu, NULL); // which kills
    setrlimit(RLIMIT_CORE, &core);
    if (!quiet || __sanitizer_set_report_fd == NULL) return;
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    __sanitizer_set_report_fd((void *)(intptr_t)fd);
}

// How Check says that a test did not come to its end, and what it means.
static const char *const ends[][2] = {
    { "return value 99",
      "it crashes, or uses memory that is not its own (make exercise N=13 "
      "TRACE=1 shows what the sanitizer says)" },
    { "Received signal 27",
      "it has used 0.1 s of processor time, without end" },
    { "timeout expired", "it has slept for 2 s" },
    { "Early exit", "it ends the program: nothing here may call exit" },
};

// Runs the student's test of that number with the executor that has this bug.
// Returns whether it passed; if not, `why` says what happened.
static bool passes(int number, enum bug bug, char *why, size_t size)
{
    Suite *suite = suite_create("student");
    TCase *cases[5];

    for (int i = 0; i < 5; i++) {
        cases[i] = tcase_create(names[i]);
        tcase_add_checked_fixture(cases[i], prepare, NULL);
        tcase_set_timeout(cases[i], 2);
        suite_add_tcase(suite, cases[i]);
    }
    use_executor(bug);
    quiet = bug != NO_BUG;
    awaiting("add_tests to return");
    add_tests(cases);
    awaiting("the test %s to end", names[number]);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run(runner, NULL, names[number], CK_SILENT);
    expect(srunner_ntests_run(runner) > 0,
           "There is no test for this executor: add_tests must add %s to "
           "cases[%d].",
           names[number], number);
    bool passed = srunner_ntests_failed(runner) == 0;
    TestResult **failures = srunner_failures(runner);
    if (!passed) {
        const char *said = tr_msg(failures[0]);
        // todo, which has told the harness already, ends a test like that.
        if (strcmp(said, "Early exit with return value 1") == 0) _exit(1);
        snprintf(why, size, "line %d says %s", tr_lno(failures[0]), said);
        for (int i = 3; i >= 0; i--)
            if (strstr(said, ends[i][0]) != NULL)
                snprintf(why, size, "%s", ends[i][1]);
    }
    free(failures);
    srunner_free(runner);
    return passed;
}

// With the one that is right first, and last too (once is enough), for a test
// must not depend on what was run before.
static void judge(int number, enum bug bug, const char *advice)
{
    const char *name = names[number];
    char why[500];

    patient(true);
    for (int i = 0; i < (round_no == 0 ? 2 : 1); i++) {
        expect(passes(number, NO_BUG, why, sizeof(why)),
               "The test %s fails with the executor that is right%s: %s.", name,
               i == 0 ? "" : ", when it is run again", why);
        expect(i == 1 || !passes(number, bug, why, sizeof(why)),
               "The test %s passes with the broken executor, too. %s", name,
               advice);
    }
}

CHECK(wake_lost, 2, "An executor is caught that loses a wake during the poll")
{
    judge(0, WAKE_DURING_POLL_LOST,
          "A task that wakes itself in its poll is not polled again there. Let "
          "a puppet do that, with the step y, and see how often it is polled.");
}

CHECK(lifo, 2, "An executor is caught whose run-queue is last in, first out")
{
    judge(1, LAST_IN_FIRST_OUT,
          "Who was queued last is polled first there. Let two puppets be in "
          "the queue at the same time, and compare the order of the polls.");
}

CHECK(twice, 2, "An executor is caught that queues a task twice")
{
    judge(2, QUEUED_TWICE,
          "Two wakes of a task that waits are two polls there. Wake a puppet "
          "twice before it is polled, and count its polls.");
}

CHECK(done, 2, "An executor is caught that polls a task that is done")
{
    judge(3, POLLED_WHEN_DONE,
          "A wake has a task polled there, though it was ready before. Wake a "
          "puppet after that, and see whether run does a poll.");
}

CHECK(freed, 2, "An executor is caught that does not count wakers")
{
    judge(4, WAKER_NOT_COUNTED,
          "A task is freed there while a waker still leads to it. Let a puppet "
          "be ready, which keeps its waker, and see how many tasks are alive.");
}
