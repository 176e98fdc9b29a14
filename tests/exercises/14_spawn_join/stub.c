// 14. Spawn and join.
//
// Concept. To spawn is to let a task run by itself; what comes back is a
// handle. Whoever has it may ask for the output: a thread outside sleeps until
// it is there, and a task awaits the handle like any other future. And whoever
// has no wish to know drops the handle, while the task runs on.
//
// Read. examples/exercises/14_task.h, which is given; trale.c,
// 'TaskJoiner::join', 'later trale: TaskJoiner::poll' and 'executor_loop', step
// 4; rule 6 of trale.c, 'It follows eight rules'. In the book's chapter,
// 'Implementing a proper Executor'. pthread_cond_wait(3).
//
// Write four functions.
//
// task_finish(task, value) is called once, when the task is done, on the thread
// of its executor. From then on task->output is ready with the value. Whoever
// awaits the task is woken, and a thread that joins it goes on.
//
// handle_poll is ready with the output, once there is one. Before that it
// leaves a clone of its waker in task->joiner, in place of an older one, which
// is dropped. task_finish may come at any moment: it must not be missed.
//
// handle_join sleeps until the output is there, uses no processor meanwhile,
// drops the handle with future_drop and returns the value. It is called at most
// once, and not inside a task. The handle may have been polled before, while
// it was pending.
//
// handle_drop is the drop function of the handle: for one that was ready, one
// that was joined, and one that nobody asks for any more. It gives back what
// the handle has: the waker that waits, if there is one, and its reference to
// the task. The task itself runs on.
//
// task->lock is held for whatever it guards, even to look at it, and never
// while a waker is cloned, woken or dropped.
//
// Then type: make exercise N=14. If you are stuck: make hint N=14.
#include "14_task.h"

void task_finish(struct task *task, intptr_t value)
{
    // ---- your code, in place of this line ----
    todo("task_finish", task, value);
    // ------------------------------------------
}

struct poll handle_poll(struct future *handle, struct context *cx)
{
    struct task *task = ((struct handle *)handle)->task;

    // ---- your code, in place of this line ----
    todo("handle_poll", task, cx);
    // ------------------------------------------
}

intptr_t handle_join(struct future *handle)
{
    struct task *task = ((struct handle *)handle)->task;

    // ---- your code, in place of this line ----
    todo("handle_join", task);
    // ------------------------------------------
}

void handle_drop(struct future *handle)
{
    struct task *task = ((struct handle *)handle)->task;

    // ---- your code, in place of this line ----
    todo("handle_drop", task);
    // ------------------------------------------
}
