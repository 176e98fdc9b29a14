// The explorer runs a scenario again and again in the simulator, each time with
// other decisions, until it has been through all of them within a bound.
// search.c has the list of what is still to be run, access.c sees each access
// to memory, and tells which runs are the same, timeline.c shows a run, and
// scenarios.c holds the programs. README.md says why that is enough.
#ifndef EXPLORE_H
#define EXPLORE_H

#include "tests/sim.h"

// More threads than that no scenario has: main, executor, reactor.
enum { EXPLORE_THREADS = 4 };

// ---------------------------------------------------------------------------
// access.c
// ---------------------------------------------------------------------------

void access_begin(void);
void access_touch(const void *object, enum sim_touch how, int64_t value);
void access_allocated(const void *memory, size_t size);
void access_freed(const void *memory, size_t size);

// A number for all that has happened, whatever the order of what does not
// depend on each other.
uint64_t access_state(void);

// Where this thread is: addresses within the functions, the innermost last.
int access_stack(void *const **frames);

// ---------------------------------------------------------------------------
// search.c
// ---------------------------------------------------------------------------

// Whether the static atomic at this address is known to be shared. And makes it
// known, which ends this run: the search begins anew.
bool explore_is_shared(const void *at);
void explore_share(const void *at);

// ---------------------------------------------------------------------------
// timeline.c
// ---------------------------------------------------------------------------

// The name of the function or variable at this address, or "?".
const char *timeline_symbol(const void *address);

// Before the first run.
void timeline_begin(void);

// Notes a line of this thread, or that the next one is due to a departure.
void timeline_tell(const char *line);
void timeline_departs(int kinds);

// Prints all of it, in 30 lines at most.
void timeline_print(void);

#endif
