// The simulator runs a program on trale, or on anything that blocks only where
// pthread, epoll and timerfd block, so that a seed decides what happens: which
// thread runs next, what time it is, which wait ends for no reason. The same
// seed gives the same run. sim.c is the scheduler,
// sim_kernel.c stands for the kernel, sim_scenarios.c holds the programs, and
// sim_main.c runs them.
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stdint.h>

// ---------------------------------------------------------------------------
// For scenarios
// ---------------------------------------------------------------------------

// A program to run. It joins its own threads and leaves nothing behind: no
// memory, no descriptor, no registration with epoll. The simulator looks for
// that itself, when the program has returned and nothing can run any more.
struct scenario {
    const char *name;
    void (*run)(void);
    bool broken; // on purpose, in some of its runs; not run unless asked for
};

extern const struct scenario scenarios[]; // up to one whose name is NULL

// A place where another thread may run instead. Every simulated call is one.
void sim_yield(void);

// Blocks this thread until no other can run, and lets no time pass meanwhile:
// then all that can happen now has happened.
void sim_settle(void);

// Blocks this thread for so many nanoseconds.
void sim_sleep(int64_t nanos);

// CLOCK_MONOTONIC. Time stands still while threads run, and jumps to what is
// due next when none can. In some runs, though, each step takes some time.
int64_t sim_now(void);

// By how much it is later than `then`: 0 if that is just what the steps of this
// run may have taken, so when they take none it must be the very nanosecond.
int64_t sim_late(int64_t then);

// A number below n, from the seed.
int sim_random(int n);

// Whether this is the thread of that name, and holds no mutex.
bool sim_free_on(const char *name);

// How many threads of that name there have been.
int sim_threads(const char *name);

// A line in the trace of a replay.
__attribute__((format(printf, 1, 2))) void sim_log(const char *format, ...);

// Ends this run as failed.
__attribute__((format(printf, 1, 2))) _Noreturn void
sim_fail(const char *format, ...);

// Fails unless the number is what it must be, and says both.
#define SIM_EQUAL(actual, expected) \
    sim_equal(__LINE__, #actual, (int64_t)(actual), (int64_t)(expected))
void sim_equal(int line, const char *what, int64_t actual, int64_t expected);

// ---------------------------------------------------------------------------
// For sim_main.c
// ---------------------------------------------------------------------------

// Runs it in this process, once. If it fails, writes up to BUFSIZ bytes to
// *reason, and the process ends.
void sim_run(const struct scenario *scenario, uint64_t seed, bool trace,
             char *reason);

// ---------------------------------------------------------------------------
// Between sim.c and sim_kernel.c
// ---------------------------------------------------------------------------

// Declares what `ld --wrap` names after a function, and begins to define what
// is called in its place.
#define WRAP(result, name, ...)        \
    result __real_##name(__VA_ARGS__); \
    result __wrap_##name(__VA_ARGS__); \
    result __wrap_##name(__VA_ARGS__)

#define NEVER INT64_MAX
enum { SECOND = 1000000000 };

// Gives up the turn. The thread can run again once ready(of), unless that is
// NULL, and when it is `deadline` (0: now; NEVER). `where` is for people.
void sim_block(const char *where, bool (*ready)(const void *of), const void *of,
               int64_t deadline);

// True once in so many times, never for 0.
bool sim_chance(int once_in);

// Whether epoll_wait is to be interrupted, and gives this thread a new
// priority: who is slow from here on holds events that may become stale.
bool sim_interrupt(void);
void sim_shuffle(void);

// Lets as much time pass as a step takes in this run.
void sim_pass(void);

// Whether this is a thread of a simulation.
bool sim_runs(void);

// When the next timer is due, or NEVER.
int64_t kernel_next(void);

// Fails if a descriptor or memory is left.
void kernel_check(void);

#endif
