// The tasks of exercise 06, given: the queue, and who polls. Yours is what
// happens to a task when it is woken, and when it is polled.
#ifndef TASK_H
#define TASK_H

#include "exercise.h"

// One executor, so one queue and one lock. The lock guards the queue and the
// state of every task. Only queue_lock and task_poll are called without it.
void queue_lock(void);
void queue_unlock(void);

// All yours: what you set here, nobody else reads. A new task is QUEUED.
enum task_state { WAITING, QUEUED, DONE };

struct task {
    enum task_state state;
    const char *name;
};

void queue_push(struct task *task);   // at the tail; not if it is there already
struct task *queue_pop(void);         // the oldest, or NULL
void queue_remove(struct task *task); // from any place; it may be in none

// Polls the task's future, once. If that is ready it is dropped, and must not
// be polled again. Whoever has a waker of the task may wake it, on any thread
// and at any time: before this, during this, after this, after the end. Each
// wake calls your task_wake. The memory of the task stays until nobody knows
// it.
struct poll task_poll(struct task *task);

#endif
