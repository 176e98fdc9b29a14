// What the tests of exercise 13 use, given: an executor, and futures for it
// that do as they are told. Six executors have these functions: one is right,
// and five are not. They are in examples/exercises/13_executor.c.
#ifndef EXECUTOR_H
#define EXECUTOR_H

#include "trale.h"

#include <check.h>

// A future for tests. It does in each poll what a letter says:
//
//     k    is pending
//     y    wakes its own task, then is pending
//     r    is ready
//
// Polls beyond the last letter do as that says. Each poll also keeps the latest
// waker, until `forget`.
struct puppet {
    const char *name, *steps;
    int polls;          // so many there were
    struct waker waker; // the one that it keeps
};

// A new task, which can run: spawn("A", "kyr").
struct puppet *spawn(const char *name, const char *steps);

// Polls the tasks that can run, one after the other, until there is none, or so
// many polls have been done. Returns how many.
int run(int most);

// Wakes the task of the puppet, with a clone of the waker that it keeps.
void wake(struct puppet *puppet);

// Drops the waker that the puppet keeps.
void forget(struct puppet *puppet);

// How many tasks are there whose memory has not been freed? A task has one
// reference for the executor until it is done, and one for each waker.
int tasks_alive(void);

// The names of the puppets, in the order of the polls so far: "A B A".
extern char order[200];

#endif
