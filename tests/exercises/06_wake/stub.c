// 06. Wake once, during a poll, after the end.
//
// Concept. Wakes come whenever they like: twice, from several threads, while
// the task is being polled, when it has long ended. Whether a wake puts the
// task into the run-queue depends on where the task is, which is its state.
//
// Read. examples/exercises/06_task.h, which is given; trale.c, 'It follows
// eight rules', of which rules 1 to 4 and the table are this exercise;
// NOTES.md, 'Invariants and states'. In the book's chapter, 'Implementing a
// proper Executor'.
//
// Write task_wake and step, the two gaps below.
//
// task_wake(task) is called for each wake, on any thread, without the lock.
//
// step() takes the oldest task from the queue, polls it once with task_poll and
// returns true; if there is none it returns false. One thread calls it, again
// and again.
//
// Together they see to it that
//
// - a task is in the queue once, however often it was woken since its last
//   poll, and keeps its place there;
// - a pending task that nobody has woken is not in the queue;
// - after a wake there is a poll that began later, or the task is in the queue.
//   That holds for a wake at any moment, during step and the poll, too;
// - once a poll was ready, the task is done: when that step returns it is not
//   in the queue, and no wake puts it there again;
// - no lock is held while a task is polled: it may wake others, or itself.
//
// You need: queue_lock, queue_unlock, queue_push, queue_pop, queue_remove,
// task_poll, task->state.
// Then type: make exercise N=06. If you are stuck: make hint N=06.
#include "06_task.h"

void task_wake(struct task *task)
{
    // ---- your code, in place of this line ----
    todo("task_wake", task);
    // ------------------------------------------
}

bool step(void)
{
    // ---- your code, in place of this line ----
    todo("step");
    // ------------------------------------------
}
