// The tasks of exercise 14, given: who spawns them, and what a handle is. Yours
// is how the output gets from the task to the handle.
#ifndef TASK_H
#define TASK_H

#include "exercise.h"

#include <pthread.h>
#include <stdatomic.h>

struct task {
    pthread_mutex_t lock;  // guards the next three
    struct poll output;    // ready once the task is done
    struct waker joiner;   // of the task that awaits this one; empty: none
    pthread_cond_t done;   // for a thread that joins this one
    struct future *future; // the executor's
    atomic_int refs;       // one for the executor, one for the handle
};

// What spawn returns: the right to the output of a task. It is a future, for
// use in another task; a thread that is no executor joins it.
struct handle {
    struct future future;
    struct task *task; // never NULL; it has a reference to it
};

// A new task, and its handle. Its executor polls it, on a thread of its own,
// until it is ready, drops the future, calls task_finish and then gives its
// reference back.
struct future *spawn(struct future *future);

// Gives one reference back. With the last one the memory is freed.
void task_release(struct task *task);

// Yours:
void task_finish(struct task *task, intptr_t value);
struct poll handle_poll(struct future *handle, struct context *cx);
intptr_t handle_join(struct future *handle);
void handle_drop(struct future *handle);

#endif
