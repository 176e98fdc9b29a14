// The simulator runs a program on trale, or on anything that blocks only where
// pthread, epoll and timerfd block, so that a seed decides what happens: which
// thread runs next, what time it is, which wait ends for no reason. The same
// seed gives the same run. sim.c is the scheduler,
// sim_kernel.c stands for the kernel, sim_scenarios.c holds the programs, and
// sim_main.c runs them. tests/explore/ has no seed: it takes every decision in
// every way, one after the other.
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
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

// A line in the trace of a replay; what it says is asked for only then.
#define sim_log(...) (sim_traces() ? sim_tell(__VA_ARGS__) : (void)0)
bool sim_traces(void);
__attribute__((format(printf, 1, 2))) void sim_tell(const char *format, ...);

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

// Runs it in a process of its own, as nothing in trale ever stops: a crash, a
// panic and a sanitizer's report are failures like any other. Returns whether
// all was well. If not, *reason, BUFSIZ bytes that processes share, says why.
bool sim_run(const struct scenario *scenario, uint64_t seed, bool trace,
             char *reason);

// BUFSIZ bytes of that kind, or any other number.
void *sim_shared(size_t size);

// ---------------------------------------------------------------------------
// For tests/explore/, which decides in place of the seed
// ---------------------------------------------------------------------------

enum { SIM_THREADS = 32, SIM_OPTIONS = SIM_THREADS + 4 };

// What can happen next. Each way to depart from the plain course of things has
// a kind; a zero is what may happen in any run.
struct sim_option {
    enum {
        SIM_PREEMPTION = 1, // another thread runs, though this one could
        SIM_SPURIOUS = 2,   // a wait for a condition ends for no reason
        SIM_INTERRUPT = 4,  // epoll_wait ends with EINTR
        SIM_ORDER = 8,      // not the first of several events or threads
        SIM_TIME = 16,      // a tick passes
    } kinds;                // or several of them
    int thread;             // the one that runs then
};

// How a thread touches what others touch too.
enum sim_touch {
    SIM_MEETS = 0,
    SIM_ACQUIRES = 1,
    SIM_RELEASES = 2,
    SIM_LOOKS = 4, // changes nothing: the order of two looks does not matter
};

struct sim_explorer {
    // A run begins in this process.
    void (*begin)(bool trace);
    // Returns which of the options, of which there are two or more, happens.
    // `running` is the thread that could go on, or -1.
    int (*choose)(const struct sim_option *options, int n, int running);
    // The thread has touched a mutex or the like, or all of them if NULL. The
    // value is what came of it, if the order of touches does not tell.
    void (*touch)(const void *object, enum sim_touch how, int64_t value);
    // Memory comes and goes.
    void (*allocated)(const void *memory, size_t size);
    void (*freed)(const void *memory, size_t size);
    // The name of a variable, and a line for the trace.
    const char *(*symbol)(const void *address);
    void (*tell)(const char *line);
};

// NULL: a seed decides. Set it before sim_run.
extern const struct sim_explorer *sim_explorer;

// How long a tick is: so long at once passes only where the explorer says so.
// Sleeps of its scenarios are some ticks long.
enum { SIM_TICK = 1000 };

// This thread, counted from main, which is 0; -1: not in a simulation. And what
// a thread is called.
int sim_self(void);
const char *sim_name(int thread);

// Whether there is more than one thread yet.
bool sim_several(void);

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

// A place where a seed may let another thread run, and where an explorer need
// not ask: the next call that others can notice is such a place too.
void sim_lull(void);

// Tells the explorer, if there is one, of a touch.
void sim_touch(const void *object, enum sim_touch how, int64_t value);

// A number below n, for what may come in any order; 0 is the plain one.
int sim_order(int n);

// True once in so many times, never for 0, and never if there is an explorer.
bool sim_chance(int once_in);

// Whether epoll_wait is to be interrupted: before it waits, or now that it has.
bool sim_interrupt(void);
bool sim_interrupted(void);

// Gives this thread a new priority: who is slow from here on holds events that
// may become stale.
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
