// Runs scenarios with many seeds, or one again:
//
//     build/tests/sim 1000              seeds 1 to 1000 of every scenario
//     build/tests/sim 1000 fd_reuse     the same of one
//     build/tests/sim fd_reuse 42       one run, with its trace
//
// Each run has a process of its own, as nothing in trale ever stops. So a
// crash, a panic and a sanitizer's report are failures like any other.
#define _GNU_SOURCE
#include "sim.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static bool trace;
static char *reason; // of a failure. The process of a run shares this memory

static _Noreturn void run_child(const struct scenario *scenario, uint64_t seed)
{
    const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");
    cpu_set_t set;

    // For what spins or blocks outside of all that is simulated.
    int patience =
        multiplier != NULL && atoi(multiplier) > 0 ? atoi(multiplier) : 1;
    rlim_t seconds = 2 * (rlim_t)patience;
    setrlimit(RLIMIT_CPU, &(struct rlimit){ seconds, seconds + 1 });
    alarm(30 * (unsigned)patience);
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 256, 256 }); // a dump tries all
    CPU_ZERO(&set); // threads that take turns do so faster on one processor
    CPU_SET((size_t)sched_getcpu(), &set);
    sched_setaffinity(0, sizeof(set), &set);
    sim_run(scenario, seed, trace, reason);
    _exit(0);
}

// Returns whether all was well; if not, the reason says why.
static bool run(const struct scenario *scenario, uint64_t seed)
{
    int status;

    *reason = '\0';
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) run_child(scenario, seed);
    if (pid == -1 || waitpid(pid, &status, 0) != pid) {
        perror("sim: cannot run a process");
        exit(2);
    }
    if (WIFSIGNALED(status))
        snprintf(reason, BUFSIZ, "killed by %s", strsignal(WTERMSIG(status)));
    else if (status != 0 && *reason == '\0')
        snprintf(reason, BUFSIZ, "exit code %d", WEXITSTATUS(status));
    return status == 0;
}

// Runs seeds until one fails, and returns whether none did.
static bool search(const struct scenario *scenario, uint64_t seeds,
                   const char *program)
{
    uint64_t seed = 1;

    while (seed <= seeds && run(scenario, seed)) seed++;
    if (seed > seeds) return true;
    fprintf(stderr, "sim: %s, seed %ju: %s; replay with: %s %s %ju\n",
            scenario->name, (uintmax_t)seed, reason, program, scenario->name,
            (uintmax_t)seed);
    return false;
}

// Returns 0 if the argument is no number.
static uint64_t number(const char *arg)
{
    size_t digits = strspn(arg, "0123456789");

    return digits == strlen(arg) && digits < 19 ? strtoull(arg, NULL, 10) : 0;
}

static const struct scenario *named(const char *arg)
{
    const struct scenario *s = scenarios;

    while (s->name != NULL && strcmp(s->name, arg) != 0) s++;
    return s->name != NULL ? s : NULL;
}

static int usage(const char *program)
{
    fprintf(stderr, "usage: %s SEEDS [SCENARIO], or %s SCENARIO SEED; with ",
            program, program);
    for (const struct scenario *s = scenarios; s->name != NULL; s++)
        fprintf(stderr, "%s%s", s == scenarios ? "" : ", ", s->name);
    fprintf(stderr, "\n");
    return 2;
}

int main(int argc, char **argv)
{
    const char *part = getenv("TRALE_TEST_ROUNDS");
    const struct scenario *only = NULL;
    int runs = 0, failures = 0;

    if (argc < 2 || argc > 3) return usage(argv[0]);
    trace = number(argv[1]) == 0;
    if (argc == 3 || trace) only = named(argv[trace ? 1 : 2]);
    uint64_t seeds = number(argv[trace ? argc - 1 : 1]);
    if (seeds == 0 || (argc == 3 && only == NULL)) return usage(argv[0]);
    reason = mmap(NULL, BUFSIZ, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (reason == MAP_FAILED) return 2;
    if (trace) {
        bool well = run(only, seeds);
        printf("%s, seed %s: %s\n", argv[1], argv[2], well ? "well" : reason);
        return !well;
    }
    if (part != NULL && atoi(part) > 0)
        seeds = 1 + (seeds - 1) / (uint64_t)atoi(part);
    for (const struct scenario *s = scenarios; s->name != NULL; s++) {
        if (only != NULL ? s != only : s->broken) continue;
        runs++;
        failures += !search(s, seeds, argv[0]);
    }
    printf("sim: %d scenarios ran with seeds 1 to %ju, %d failed\n", runs,
           (uintmax_t)seeds, failures);
    return failures > 0;
}
