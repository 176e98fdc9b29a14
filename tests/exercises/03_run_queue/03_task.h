// The tasks of exercise 03, given: what spawns, wakes and polls them. Yours is
// the queue, and the loop.
#ifndef TASK_H
#define TASK_H

#include "trale.h"

struct task {
    struct task *next;     // the one behind it in the queue, or NULL
    bool queued;           // it is in the queue
    struct future *future; // NULL once it is done
    const char *name;
    int refs; // one for its place in the queue, one for each waker
};

// Polls the task. Once it is ready, drops the future. Does nothing if it was
// done before. Its waker, when woken, calls queue_push, unless the task is
// queued already or done.
void task_poll(struct task *task);

// Gives back the reference that came with the task from the queue: the memory
// is freed with the last one.
void task_release(struct task *task);

#endif
