// Runs the tests: each in a process of its own, several at once.
//
//     build/tests/check                all, or what CK_RUN_SUITE and CK_RUN_CASE
//                                      name
//     build/tests/check SUITE TEST     this one, with all that it prints
//
// The suites of trale.c measure times and loads, so their tests run one after
// the other. The suites of programs mostly wait for what a program prints. They
// run beside them, TRALE_TEST_JOBS (5) tests in all.
//
// The programs are built on trale.c, so what is wrong there is told first. Then
// no more programs are begun; and if a rule is broken, no other suite. The run
// also ends after TRALE_TEST_FAILURES (10). If no test was run, it has failed.
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *name;
    Suite *(*create)(void);
    bool waits;
} suites[] = {
    { "rules", rules_suite, false },    { "future", future_suite, false },
    { "task", task_suite, false },      { "reactor", reactor_suite, false },
    { "timer", timer_suite, false },    { "udp", udp_suite, false },
    { "tcp", tcp_suite, false },        { "promises", promises_suite, false },
    { "hosts", hosts_suite, false },    { "sync", sync_suite, false },
    { "trace", trace_suite, true },     { "steps", steps_suite, true },
    { "servers", servers_suite, true }, { "examples", examples_suite, true },
    { "fibers", fibers_suite, false },  { "flows", flows_suite, true },
};

enum { SUITES = sizeof(suites) / sizeof(*suites), TESTS_MAX = 1000 };

enum { WIDTH = 70 };    // of the line of progress
enum { RESULT = '\f' }; // in what a test prints: what follows is its failure

enum state { TO_DO, RUNNING, PASSED, SKIPPED, FAILED };

static struct job {
    int suite;
    const char *test;
    bool waits; // mostly, so it may run beside others
    enum state state;
    pid_t pid;  // while it runs
    int output; // a file in memory: what it prints
} jobs[TESTS_MAX];
static int count;

static int in_state(enum state state)
{
    int n = 0;

    for (int i = 0; i < count; i++) n += jobs[i].state == state;
    return n;
}

// Whether the user's choice, in this variable, allows the name.
static bool allows(const char *variable, const char *name)
{
    const char *choice = getenv(variable);

    return choice == NULL || *choice == '\0' || strcmp(choice, name) == 0;
}

static int number_from(const char *variable, int otherwise)
{
    const char *text = getenv(variable);

    return text != NULL && atoi(text) > 0 ? atoi(text) : otherwise;
}

// Called while the suites are made. They are made in order.
static int suite_being_made;

void note_test(const char *test, bool alone)
{
    if (!allows("CK_RUN_SUITE", suites[suite_being_made].name) ||
        !allows("CK_RUN_CASE", test))
        return;
    if (count == TESTS_MAX) abort();
    jobs[count++] =
        (struct job){ .suite = suite_being_made,
                      .test = test,
                      .waits = suites[suite_being_made].waits && !alone };
}

static SRunner *runner;

static void make_suites(void)
{
    runner = srunner_create(NULL);
    for (; suite_being_made < SUITES; suite_being_made++)
        srunner_add_suite(runner, suites[suite_being_made].create());
}

// Runs one test. The suite of the trace needs the other program, which $RUN
// (valgrind, say) has to run too. What Check would do with the user's choice has
// been done.
static int run(const char *suite, const char *test)
{
    const char *other = "exec $RUN \"$0\" \"$1\" \"$2\"";

    if (executor_dump == NULL && strcmp(suite, "trace") == 0)
        execl("/bin/sh", "sh", "-c", other, BUILD "/tests/check-talking", suite,
              test, (char *)NULL);
    unsetenv("CK_RUN_SUITE");
    unsetenv("CK_RUN_CASE");
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run(runner, suite, test, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    TestResult **failures = srunner_failures(runner);
    for (int i = 0; i < failed; i++)
        printf("%c%s (%s, %s:%d)\n", RESULT, tr_msg(failures[i]), test,
               tr_lfile(failures[i]), tr_lno(failures[i]));
    free(failures);
    return failed > 0 || srunner_ntests_run(runner) == 0;
}

// If this process ends, its jobs get SIGTERM. Check has a handler for that, which
// also ends the process of the test. No test must find a descriptor of ours.
static void start(struct job *job)
{
    fflush(NULL);
    job->output = memfd_create(job->test, 0);
    job->pid = fork();
    if (job->output == -1 || job->pid == -1) {
        perror("cannot start a test");
        exit(2);
    }
    job->state = RUNNING;
    if (job->pid > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(job->output, STDOUT_FILENO);
    dup2(job->output, STDERR_FILENO);
    for (int i = 0; i < count; i++)
        if (jobs[i].output > 0) close(jobs[i].output);
    exit(run(suites[job->suite].name, job->test));
}

// What the test has printed, until the next call.
static char *printed(const struct job *job)
{
    static char text[1 << 16];
    ssize_t len = pread(job->output, text, sizeof(text) - 1, 0);

    text[len > 0 ? len : 0] = '\0';
    return text;
}

// Waits until one of the tests that run is over.
static struct job *finish(void)
{
    int status;
    pid_t pid = wait(&status);
    struct job *job = jobs;

    while (job->pid != pid) job++;
    job->pid = 0;
    job->state = status != 0                         ? FAILED
                 : strstr(printed(job), "skipped: ") ? SKIPPED
                                                     : PASSED;
    if (job->state != FAILED) close(job->output);
    if (job->state != FAILED) job->output = 0;
    return job;
}

// Why the test failed; then what it has printed.
static void tell(const struct job *job)
{
    char *text = printed(job), *why = strchr(text, RESULT);

    if (why != NULL) *why++ = '\0';
    if (isatty(STDOUT_FILENO)) printf("\r%-*s\r", WIDTH, "");
    printf("FAILED %s: %s", suites[job->suite].name,
           why != NULL ? why : "ended without a result\n");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        printf("    %s\n", line);
    fflush(stdout);
}

// The line of progress is written anew as the run goes on. A file has no use
// for it.
static void show_progress(void)
{
    int over = count - in_state(TO_DO) - in_state(RUNNING);
    char line[WIDTH + 1] = "";

    if (!isatty(STDOUT_FILENO)) return;
    for (int i = count - 1; i >= 0; i--)
        if (jobs[i].state == RUNNING)
            snprintf(line, sizeof(line), "%d of %d, %d failed: %s %s", over,
                     count, in_state(FAILED), suites[jobs[i].suite].name,
                     jobs[i].test);
    printf("\r%-*s%s", WIDTH, line, *line == '\0' ? "\r" : "");
    fflush(stdout);
}

// The next test to be started, or NULL: a rule; or else one of trale.c, if none
// is running; or else one of the programs, if nothing has failed in trale.c.
static struct job *next(void)
{
    int suites_to_run = SUITES, failed = in_state(FAILED);
    bool busy = false, broken = false;

    for (struct job *job = jobs; job < jobs + count; job++) {
        if (job->waits) continue;
        busy |= job->state == RUNNING;
        broken |= job->state == FAILED;
        if (job->suite == 0 && job->state != PASSED) suites_to_run = 1;
    }
    if (failed >= number_from("TRALE_TEST_FAILURES", 10)) return NULL;
    for (struct job *job = jobs; job < jobs + count; job++)
        if (job->state == TO_DO && job->suite < suites_to_run &&
            !(job->waits ? broken : busy))
            return job;
    return NULL;
}

static void tell_suites(void)
{
    fprintf(stderr, "There is no such test. The suites are:");
    for (int i = 0; i < SUITES; i++) fprintf(stderr, " %s", suites[i].name);
    fprintf(stderr, "\n");
}

int main(int argc, char **argv)
{
    int most = number_from("TRALE_TEST_JOBS", 5);
    double began = now();
    struct job *job;

    make_suites();
    if (argc == 3) return run(argv[1], argv[2]);
    for (;;) {
        while (in_state(RUNNING) < most && (job = next()) != NULL) start(job);
        show_progress();
        if (in_state(RUNNING) == 0) break;
        job = finish();
        if (job->state == FAILED && !job->waits) tell(job);
    }
    for (job = jobs; job < jobs + count; job++)
        if (job->state == FAILED && job->waits) tell(job);

    int failed = in_state(FAILED), left_out = in_state(TO_DO);
    if (count == 0) tell_suites();
    if (failed > 0) printf("%d FAILED, ", failed);
    printf("%d tests passed, %d skipped, ", in_state(PASSED),
           in_state(SKIPPED));
    if (left_out > 0) printf("%d left out after that, ", left_out);
    printf("%.0f s\n", now() - began);
    return count == 0 || failed > 0;
}
