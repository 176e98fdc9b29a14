// Runs scenarios with many seeds, or one again:
//
//     build/tests/sim 1000              seeds 1 to 1000 of every scenario
//     build/tests/sim 1000 fd_reuse     the same of one
//     build/tests/sim fd_reuse 42       one run, with its trace
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *reason; // of a failure

// Runs seeds until one fails, and returns whether none did.
static bool search(const struct scenario *scenario, uint64_t seeds,
                   const char *program)
{
    uint64_t seed = 1;

    while (seed <= seeds && sim_run(scenario, seed, false, reason)) seed++;
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
    bool trace = number(argv[1]) == 0;
    if (argc == 3 || trace) only = named(argv[trace ? 1 : 2]);
    uint64_t seeds = number(argv[trace ? argc - 1 : 1]);
    if (seeds == 0 || (argc == 3 && only == NULL)) return usage(argv[0]);
    reason = sim_shared(BUFSIZ);
    if (trace) {
        bool well = sim_run(only, seeds, true, reason);
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
