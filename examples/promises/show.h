// What the programs of this folder share: printing promises.
#ifndef SHOW_H
#define SHOW_H

#include "lwt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// The name of an errno, as far as these programs meet it.
static inline const char *error_name(intptr_t error)
{
    switch (-error) {
    case E2BIG:
        return "E2BIG";
    case EBUSY:
        return "EBUSY";
    case ECANCELED:
        return "ECANCELED";
    case ESHUTDOWN:
        return "ESHUTDOWN";
    case ETIMEDOUT:
        return "ETIMEDOUT";
    default:
        return strerror((int)-error);
    }
}

// Writes " Sleep", " Return 1" or " Fail(E2BIG)".
static inline void print_state(const struct promise *promise)
{
    struct poll poll = promise_poll(promise);

    if (!poll.ready)
        printf(" Sleep");
    else if (poll.value < 0)
        printf(" Fail(%s)", error_name(poll.value));
    else
        printf(" Return %ld", (long)poll.value);
}

// A line with the title and the promise, which is taken over.
static inline void print(const char *title, struct promise *promise)
{
    printf("%s:", title);
    print_state(promise);
    printf("\n");
    promise_drop(promise);
}

static inline struct promise *print_outcome(intptr_t outcome, void *title)
{
    print(title, promise_resolved(outcome));
    return lwt_return(0);
}

// The same line, once the promise is resolved. Never fails.
static inline struct promise *then_print(const char *title,
                                         struct promise *promise)
{
    return lwt_try_bind(promise, print_outcome, print_outcome, (void *)title);
}

// From here on: a main program that calls one thunk after the other.
struct steps {
    lwt_thunk *const *thunks;
    size_t left;
};

static inline struct promise *next_step(intptr_t value, void *env)
{
    struct steps *self = env;

    (void)value;
    if (self->left-- == 0) return lwt_return(0);
    return lwt_bind((*self->thunks++)(NULL), next_step, self);
}

static inline struct promise *first_step(void *env)
{
    return next_step(0, env);
}

// Calls each thunk once the promise of the one before has returned. Returns what
// main has to return.
static inline int run_steps(lwt_thunk *const thunks[], size_t n)
{
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as print_endline does
    return lwt_main_run(first_step, &(struct steps){ thunks, n }) < 0;
}

#endif
