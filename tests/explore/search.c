// Runs all schedules of a scenario, those with the fewest preemptions first, as
// CHESS does (Musuvathi and Qadeer, 2007), and those with few other departures
// before those with many:
//
//     build/tests/explore 2                      all scenarios, up to 2 preemptions
//     build/tests/explore 2 one_sleep            one of them
//     build/tests/explore one_sleep 12.1,40.2    one run, with its timeline
//
// A schedule is a list of departures from the plain course of things: at the
// 12th choice take option 1, at the 40th option 2, and at all others option 0.
// Each run notes at each choice after its last departure what else could have
// been done there; that is to be run later. It ends where it comes to a state
// from which all has been tried, with as few departures behind it or fewer.
#define _GNU_SOURCE
#include "tests/explore/explore.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

extern const struct scenario explore_scenarios[];

// Departures other than preemptions: each kind happens at most once in a run.
enum { BOUND_MAX = 3, KINDS = 5, OTHER_KINDS = KINDS - 1 };
enum {
    USED = (BOUND_MAX + 1) << OTHER_KINDS,
    BUCKETS = (BOUND_MAX + 1) * KINDS
};
enum { NODES = 1 << 26, STATES = 1 << 24, CHOICES = 256, ATOMICS = 16 };
enum { SEEN = 3, ANEW = 4 }; // exit codes of a run

// One run that is to be made: the one that it departs from, and where.
struct node {
    uint32_t parent, next; // next: in its bucket
    uint16_t choice;
    uint8_t option, used; // used: preemptions, and a bit for each other kind
};

// All processes share this. One at a time works on it.
static struct shared {
    uint32_t n_nodes, first[BUCKETS], last[BUCKETS];
    uint64_t n_states;
    int bound, turns;
    uint32_t current; // the node of this run
    bool search;      // or else one run alone
    struct node nodes[NODES];
    struct state {
        uint64_t number, used; // the second has a bit for each value of used
    } states[STATES];
} * shared;

static const void **shared_atomics; // up to a NULL; all processes share it
static char *reason;
static int silence; // where nobody listens

// Of this process: the departures of its run.
static struct {
    int choice;
    uint8_t option;
} plan[CHOICES];
static int n_plan, next_plan, n_choices;

// ---------------------------------------------------------------------------
// What is to be run
// ---------------------------------------------------------------------------

static int bucket_of(uint8_t used)
{
    int preemptions = used >> OTHER_KINDS;
    int others = __builtin_popcount(used & ((1 << OTHER_KINDS) - 1));

    return preemptions * KINDS + others;
}

static void push(uint32_t parent, int choice, int option, uint8_t used)
{
    uint32_t node = shared->n_nodes++;
    int bucket = bucket_of(used);

    if (node == NODES) sim_fail("too many schedules for this table");
    shared->nodes[node] =
        (struct node){ parent, 0, (uint16_t)choice, (uint8_t)option, used };
    if (shared->first[bucket] == 0)
        shared->first[bucket] = node;
    else
        shared->nodes[shared->last[bucket]].next = node;
    shared->last[bucket] = node;
}

// Returns 0 if there is none.
static uint32_t pop(int *bucket)
{
    *bucket = 0;
    while (*bucket < BUCKETS && shared->first[*bucket] == 0) ++*bucket;
    if (*bucket == BUCKETS) return 0;
    uint32_t node = shared->first[*bucket];
    shared->first[*bucket] = shared->nodes[node].next;
    return node;
}

// What has been used once this option is taken, or -1 if that is too much.
static int use(uint8_t used, int kinds)
{
    int others = kinds >> 1, preemptions = used >> OTHER_KINDS;

    if (kinds & SIM_PREEMPTION) preemptions++;
    if (preemptions > shared->bound || used & others) return -1;
    int before = used & ((1 << OTHER_KINDS) - 1);
    return preemptions << OTHER_KINDS | before | others;
}

// ---------------------------------------------------------------------------
// States
// ---------------------------------------------------------------------------

// For each value of used, the set of those that are no more than it.
static uint64_t no_more[USED];

static void compare_all(void)
{
    for (int a = 0; a < USED; a++)
        for (int b = 0; b < USED; b++)
            if (b >> OTHER_KINDS <= a >> OTHER_KINDS &&
                (b & ~a & ((1 << OTHER_KINDS) - 1)) == 0)
                no_more[a] |= UINT64_C(1) << b;
}

// Notes that all is tried from here, and returns whether it was before.
static bool tried(uint64_t number, uint8_t used)
{
    size_t i = number % STATES;

    while (shared->states[i].used != 0 && shared->states[i].number != number)
        i = (i + 1) % STATES;
    if (shared->states[i].used & no_more[used]) return true;
    if (shared->states[i].used == 0 && ++shared->n_states > STATES / 4 * 3)
        sim_fail("too many states for this table");
    shared->states[i].number = number;
    shared->states[i].used |= UINT64_C(1) << used;
    return false;
}

// ---------------------------------------------------------------------------
// A run
// ---------------------------------------------------------------------------

// What a failing run has to say is shown when it is run again, with its trace.
static void begin(bool trace)
{
    if (!trace) dup2(silence, STDERR_FILENO);
    access_begin();
}

static int choose(const struct sim_option *options, int n, int running)
{
    int choice = n_choices++;

    if (next_plan < n_plan && plan[next_plan].choice == choice) {
        int option = plan[next_plan++].option;
        if (option >= n) sim_fail("choice %d has no option %d", choice, option);
        timeline_departs(options[option].kinds);
        return option;
    }
    if (!shared->search || next_plan < n_plan) return 0;
    uint8_t used = shared->nodes[shared->current].used;
    uint64_t state = access_state() * 31 + (uint64_t)(running + 1) * 7 +
                     (uint64_t)options[0].kinds;
    for (int i = 0; i < n; i++)
        state = state * 37 + (uint64_t)options[i].kinds * 41 +
                (uint64_t)options[i].thread;
    if (tried(state, used)) _exit(SEEN);
    if (choice > UINT16_MAX) return 0;
    for (int i = 1; i < n; i++) {
        int then = use(used, options[i].kinds);
        if (then != -1) push(shared->current, choice, i, (uint8_t)then);
    }
    return 0;
}

static const struct sim_explorer explorer = {
    begin,        choose,          access_touch,  access_allocated,
    access_freed, timeline_symbol, timeline_tell,
};

bool explore_is_shared(const void *at)
{
    const void **known = shared_atomics;

    while (*known != NULL && *known != at) known++;
    return *known == at;
}

void explore_share(const void *at)
{
    int n = 0;

    while (shared_atomics[n] != NULL) n++;
    if (n == ATOMICS - 1) sim_fail("too many atomics");
    shared_atomics[n] = at;
    _exit(ANEW);
}

// Returns 0, ANEW, or 1 if it failed.
static int run(const struct scenario *scenario, bool trace)
{
    if (sim_run(scenario, 0, trace, reason)) return 0;
    if (strcmp(reason, "exit code 3") == 0) return 0; // SEEN
    return strcmp(reason, "exit code 4") == 0 ? ANEW : 1;
}

// The departures of a node, the first of them first.
static void make_plan(uint32_t node)
{
    n_plan = next_plan = n_choices = 0;
    for (uint32_t n = node; n > 1; n = shared->nodes[n].parent) n_plan++;
    if (n_plan > CHOICES) abort();
    int i = n_plan;
    for (uint32_t n = node; n > 1; n = shared->nodes[n].parent) {
        plan[--i].choice = shared->nodes[n].choice;
        plan[i].option = shared->nodes[n].option;
    }
}

static double seconds(void)
{
    struct timespec now;

    timespec_get(&now, TIME_UTC); // clock_gettime is the simulated one
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void print_plan(void)
{
    for (int i = 0; i < n_plan; i++)
        printf("%s%d.%d", i > 0 ? "," : "", plan[i].choice, plan[i].option);
    if (n_plan == 0) printf("plain");
}

static void show_failure(const struct scenario *scenario, uint32_t node,
                         const char *program)
{
    make_plan(node);
    shared->search = false;
    run(scenario, true);
    timeline_print();
    printf("%s: %s\nreplay with: %s %s ", scenario->name, reason, program,
           scenario->name);
    print_plan();
    printf("\n");
}

// Returns whether no schedule failed. The first that does is the shortest: it
// has the fewest preemptions, and of those the fewest other departures.
static bool search(const struct scenario *scenario, int bound,
                   const char *program)
{
    double start = seconds();
    long schedules = 0;
    uint32_t node;
    int bucket;

    shared = sim_shared(sizeof(*shared));
    shared->bound = bound;
    shared->search = true;
    shared->n_nodes = 1; // 0 is none
    push(0, 0, 0, 0);
    while ((node = pop(&bucket)) != 0) {
        shared->current = node;
        make_plan(node);
        schedules++;
        int result = run(scenario, false);
        if (result == 0) continue;
        if (result == ANEW) {
            munmap(shared, sizeof(*shared));
            return search(scenario, bound, program);
        }
        printf("%s: FAILED at the schedule number %ld, with %d preemptions\n",
               scenario->name, schedules, bucket / KINDS);
        show_failure(scenario, node, program);
        return false;
    }
    printf("%s: %ld schedules, %ju states, %.1f s\n", scenario->name, schedules,
           (uintmax_t)shared->n_states, seconds() - start);
    munmap(shared, sizeof(*shared));
    return true;
}

// ---------------------------------------------------------------------------
// main
// ---------------------------------------------------------------------------

static int usage(const char *program)
{
    fprintf(stderr,
            "usage: %s BOUND [SCENARIO], BOUND being 0 to %d, or\n"
            "       %s SCENARIO SCHEDULE, the second as a failure prints it, "
            "or plain; with\n      ",
            program, BOUND_MAX, program);
    for (const struct scenario *s = explore_scenarios; s->name != NULL; s++)
        fprintf(stderr, " %s", s->name);
    fprintf(stderr, "\n");
    return 2;
}

static const struct scenario *named(const char *name)
{
    const struct scenario *s = explore_scenarios;

    while (s->name != NULL && strcmp(s->name, name) != 0) s++;
    return s->name != NULL ? s : NULL;
}

static bool read_plan(const char *text)
{
    int choice, option, used;

    if (strcmp(text, "plain") == 0) return true;
    while (n_plan < CHOICES &&
           sscanf(text, "%d.%d%n", &choice, &option, &used) == 2) {
        plan[n_plan].choice = choice;
        plan[n_plan++].option = (uint8_t)option;
        text += used;
        if (*text != ',') return *text == '\0';
        text++;
    }
    return false;
}

int main(int argc, char **argv)
{
    int runs = 0, failures = 0;

    if (argc < 2 || argc > 3) return usage(argv[0]);
    const struct scenario *only = named(argv[1]);
    bool replays = only != NULL;
    if (!replays && argc == 3) only = named(argv[2]);
    if (argc == 3 && only == NULL) return usage(argv[0]);
    shared = sim_shared(sizeof(*shared));
    reason = sim_shared(BUFSIZ);
    shared_atomics = sim_shared(ATOMICS * sizeof(*shared_atomics));
    silence = open("/dev/null", O_WRONLY | O_CLOEXEC);
    timeline_begin();
    compare_all();
    sim_explorer = &explorer;
    if (replays) {
        if (argc != 3 || !read_plan(argv[2])) return usage(argv[0]);
        int result = ANEW;
        while (result == ANEW) {
            timeline_begin();
            result = run(only, true);
        }
        timeline_print();
        printf("%s: %s\n", only->name, result == 0 ? "well" : reason);
        return result;
    }
    if (strlen(argv[1]) != 1 || argv[1][0] < '0' ||
        argv[1][0] > '0' + BOUND_MAX)
        return usage(argv[0]);
    int bound = argv[1][0] - '0';
    for (const struct scenario *s = explore_scenarios; s->name != NULL; s++) {
        if (only != NULL ? s != only : s->broken) continue;
        runs++;
        memset(shared_atomics, 0, ATOMICS * sizeof(*shared_atomics));
        failures += !search(s, bound, argv[0]);
        fflush(stdout);
    }
    printf("explore: %d scenarios with up to %d preemptions, %d failures\n",
           runs, bound, failures);
    return failures > 0;
}
