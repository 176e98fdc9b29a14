// What promises cost: for each workload a line with its nanoseconds per
// operation. bench.ml does the same on real Lwt, bench.sh shows them together.
#include "examples/promises/lwt.h"

#include <stdio.h>
#include <time.h>

enum { N = 1000000, CHAIN = 10000 };

static struct promise *add_one(intptr_t value, void *env)
{
    (void)env;
    return lwt_return(value + 1);
}

static void bind_resolved(void)
{
    struct promise *p = lwt_return(0);

    for (int i = 0; i < N; i++) p = lwt_bind(p, add_one, NULL);
    promise_drop(p);
}

static void wait_bind_wakeup(void)
{
    for (int i = 0; i < N; i++) {
        struct resolver resolver;
        struct promise *p = lwt_bind(lwt_wait(&resolver), add_one, NULL);
        lwt_wakeup(&resolver, i);
        promise_drop(p);
    }
}

static void chain_of_binds(void)
{
    for (int i = 0; i < N / CHAIN; i++) {
        struct resolver resolver;
        struct promise *p = lwt_wait(&resolver);
        for (int j = 0; j < CHAIN; j++) p = lwt_bind(p, add_one, NULL);
        lwt_wakeup(&resolver, 0);
        promise_drop(p);
    }
}

static struct promise *pause_round(intptr_t value, void *left)
{
    if ((*(int *)left)-- == 0) return lwt_return(value);
    return lwt_bind(lwt_pause(), pause_round, left);
}

static struct promise *pauses(void *left)
{
    return pause_round(0, left);
}

static void pause_loop(void)
{
    int left = N;

    lwt_main_run(pauses, &left);
}

static void measure(const char *name, void (*run)(void))
{
    struct timespec start, end;

    clock_gettime(CLOCK_MONOTONIC, &start);
    run();
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%s %.1f\n", name,
           ((double)(end.tv_sec - start.tv_sec) * 1e9 +
            (double)(end.tv_nsec - start.tv_nsec)) /
               N);
}

int main(void)
{
    measure("bind_on_a_resolved_promise", bind_resolved);
    measure("wait_bind_wakeup", wait_bind_wakeup);
    measure("each_bind_of_a_chain", chain_of_binds);
    measure("pause_in_a_loop", pause_loop);
    return 0;
}
