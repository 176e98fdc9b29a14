// What fibers cost, beside async blocks: medians of some rounds that take
// turns, in nanoseconds of processor time; and what they take of memory, while they wait and when
// a million of them have come and gone. Part of `make bench`.
#include "examples/fibers/switch.h"
#include "examples/futures/yield.h"
#include "examples/promises/promise.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { N = 100000, PARKED = 10000, ROUNDS = 15 };

// ---------------------------------------------------------------------------
// The same on a fiber and in an async block
// ---------------------------------------------------------------------------

// Something that is ready. It costs a malloc and a free, as most futures do.
static struct poll ready_poll(struct future *future, struct context *cx)
{
    (void)future, (void)cx;
    return POLL_READY(1);
}

static struct future *ready(void)
{
    static const struct future_vtable vtable = { "ready", ready_poll, NULL };

    return future_new(sizeof(struct future), &vtable);
}

// A child that ends at once, and is waited for.
static intptr_t end(void *unused)
{
    (void)unused;
    return 0;
}

static intptr_t fork_ten(struct eio_switch *sw, void *unused)
{
    for (int i = 0; i < 10; i++) fiber_fork(sw, end, unused);
    return 0;
}

static intptr_t fiber_ready(void *unused)
{
    (void)unused;
    for (int i = 0; i < N; i++) fiber_await(ready());
    return 0;
}

static intptr_t fiber_yields(void *unused)
{
    (void)unused;
    for (int i = 0; i < N; i++) fiber_yield();
    return 0;
}

static intptr_t fiber_forks(void *unused)
{
    for (int i = 0; i < N / 10; i++) switch_run(fork_ten, unused);
    return 0;
}

struct block {
    struct async async;
    int i, j;
    struct task_joiner joiners[10];
};

static struct poll block_ready(struct future *future, struct context *cx)
{
    struct block *self = (struct block *)future;

    ASYNC_BEGIN(self);
    for (; self->i < N; self->i++) AWAIT(self, ready());
    ASYNC_END(self, 0);
}

static struct poll block_yields(struct future *future, struct context *cx)
{
    struct block *self = (struct block *)future;

    ASYNC_BEGIN(self);
    for (; self->i < N; self->i++) AWAIT(self, yield_now());
    ASYNC_END(self, 0);
}

static struct poll block_spawns(struct future *future, struct context *cx)
{
    struct block *self = (struct block *)future;

    ASYNC_BEGIN(self);
    for (; self->i < N / 10; self->i++) {
        for (int i = 0; i < 10; i++) self->joiners[i] = executor_spawn(ready());
        for (self->j = 0; self->j < 10; self->j++)
            AWAIT(self, &self->joiners[self->j].future);
    }
    ASYNC_END(self, 0);
}

// Runs it, and returns the nanoseconds for each of N, of processor time: so what
// else the machine does matters little.
static double measure(struct future *future)
{
    struct timespec from, to;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    executor_block_on(future);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    return ((double)(to.tv_sec - from.tv_sec) * 1e9 +
            (double)(to.tv_nsec - from.tv_nsec)) /
           N;
}

static int compare(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) -
           (*(const double *)a < *(const double *)b);
}

static void measure_row(const char *title, fiber_function *function,
                        const struct future_vtable *vtable)
{
    double fibers[ROUNDS], blocks[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        fibers[i] = measure(fiber(function, NULL));
        blocks[i] = measure(future_new(sizeof(struct block), vtable));
    }
    qsort(fibers, ROUNDS, sizeof(double), compare);
    qsort(blocks, ROUNDS, sizeof(double), compare);
    double ours = fibers[ROUNDS / 2], theirs = blocks[ROUNDS / 2];
    printf("%-28s%8.1f%8.1f%8.2f\n", title, ours, theirs, ours / theirs);
}

// ---------------------------------------------------------------------------
// Memory
// ---------------------------------------------------------------------------

// What this process has in memory now, and the page tables for it; in bytes.
static void memory(double *resident, double *tables)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    double kib;

    if (status == NULL) panic("/proc/self/status cannot be read");
    while (fgets(line, sizeof(line), status) != NULL) {
        if (sscanf(line, "VmRSS: %lf", &kib) == 1) *resident = kib * 1024;
        if (sscanf(line, "VmPTE: %lf", &kib) == 1) *tables = kib * 1024;
    }
    fclose(status);
}

static struct promise *gate;

static intptr_t wait_at_gate(void *unused)
{
    (void)unused;
    return fiber_await(promise_await(promise_clone(gate)));
}

static intptr_t park(struct eio_switch *sw, void *unused)
{
    struct resolver resolver;
    double resident = 0, tables = 0, resident_now = 0, tables_now = 0;

    gate = promise_new(&resolver);
    memory(&resident, &tables);
    for (int i = 0; i < PARKED; i++) fiber_fork(sw, wait_at_gate, unused);
    fiber_yield(); // all of them are before us in the run-queue
    memory(&resident_now, &tables_now);
    printf("\n%d parked fibers: %.0f bytes each, and %.0f of page tables\n",
           PARKED, (resident_now - resident) / PARKED,
           (tables_now - tables) / PARKED);
    promise_resolve(&resolver, 0);
    promise_drop(gate);
    return 0;
}

static intptr_t parked(void *unused)
{
    return switch_run(park, unused);
}

static intptr_t million(void *unused)
{
    double before = 0, after = 0, tables;

    fiber_forks(unused);
    memory(&before, &tables);
    for (int i = 0; i < 1000000 / N; i++) fiber_forks(unused);
    memory(&after, &tables);
    printf("A million fibers, one after the other: memory has grown by %.0f "
           "KiB\n",
           (after - before) / 1024);
    return 0;
}

int main(void)
{
    static const struct future_vtable ready_vt = { "block", block_ready,
                                                   async_drop },
                                      yield_vt = { "block", block_yields,
                                                   async_drop },
                                      spawn_vt = { "block", block_spawns,
                                                   async_drop };

    executor_block_on(fiber(parked, NULL));
    executor_block_on(fiber(million, NULL));
    printf("\nFibers beside async blocks: ns of processor time each, median of "
           "%d\n\n%-28s%8s%8s"
           "%8s\n",
           ROUNDS, "", "fiber", "block", "ratio");
    measure_row("await what is ready", fiber_ready, &ready_vt);
    measure_row("yield", fiber_yields, &yield_vt);
    measure_row("fork and end, or spawn", fiber_forks, &spawn_vt);
    return 0;
}
