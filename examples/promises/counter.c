// Why no mutex is needed between two waits, when one is needed, and what it
// costs all others when a callback does not return.
#define _POSIX_C_SOURCE 200809L
#include "show.h"

#include <time.h>

enum { TASKS = 100 };

static int counter;
static struct lwt_mutex mutex;

static struct promise *add_one(void *env)
{
    (void)env;
    counter++; // all of it between two waits: nobody else has run meanwhile
    return lwt_pause();
}

static struct promise *write_back(intptr_t value, void *read)
{
    (void)value;
    counter = (int)(intptr_t)read + 1;
    return lwt_return(0);
}

static struct promise *add_one_slowly(void *env)
{
    (void)env;
    // Here it waits in the middle, between reading and writing.
    return lwt_bind(lwt_pause(), write_back, (void *)(intptr_t)counter);
}

static struct promise *add_one_locked(void *env)
{
    return lwt_mutex_with_lock(&mutex, add_one_slowly, env);
}

static struct promise *print_counter(intptr_t value, void *title)
{
    (void)value;
    printf("%s: %d\n", (char *)title, counter);
    return lwt_return(0);
}

// So many at a time, each adds one.
static struct promise *count(lwt_thunk *add, const char *title)
{
    struct promise *promises[TASKS];

    counter = 0;
    for (int i = 0; i < TASKS; i++) promises[i] = add(NULL);
    return lwt_bind(lwt_join(promises, TASKS), print_counter, (void *)title);
}

static struct promise *no_wait(void *env)
{
    (void)env;
    return count(add_one, "no wait in the middle");
}

static struct promise *wait_inside(void *env)
{
    (void)env;
    return count(add_one_slowly, "a wait in the middle");
}

static struct promise *wait_locked(void *env)
{
    (void)env;
    return count(add_one_locked, "the same with a mutex");
}

static struct promise *awake(intptr_t value, void *env)
{
    (void)value, (void)env;
    printf("slept for .1 s, beside a hog\n");
    return lwt_return(0);
}

// For .3 s it does not return, so no other callback runs.
static struct promise *hog(intptr_t value, void *env)
{
    struct timespec start, now;

    (void)value, (void)env;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do clock_gettime(CLOCK_MONOTONIC, &now);
    while ((double)(now.tv_sec - start.tv_sec) +
               (double)(now.tv_nsec - start.tv_nsec) / 1e9 <
           .3);
    return lwt_return(0);
}

static struct promise *sleep_beside_a_hog(void *env)
{
    (void)env;
    return lwt_join(PROMISES(lwt_bind(lwt_unix_sleep(.1), awake, NULL),
                             lwt_bind(lwt_pause(), hog, NULL)));
}

int main(void)
{
    static lwt_thunk *const steps[] = { no_wait, wait_inside, wait_locked,
                                        sleep_beside_a_hog };

    return run_steps(steps, sizeof(steps) / sizeof(steps[0]));
}

// Expected output, in this order, after so many seconds:
//
//     0    no wait in the middle: 100
//     0    a wait in the middle: 1
//     0    the same with a mutex: 100
//     0.3  slept for .1 s, beside a hog
