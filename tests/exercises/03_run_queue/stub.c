// 03. The run-queue.
//
// Concept. An executor of many tasks keeps those that can run in a queue, first
// in, first out, so that each has its turn. A pending task is in no queue: it
// is whoever keeps its waker that will put it back.
//
// Read. examples/exercises/03_task.h, which is given; trale.c, 'task.rs: the
// executor', with rules 3 and 5, and 'executor_loop', steps 1 to 3. In the
// book's chapter, 'Implementing a proper Executor'.
//
// Write queue_push, queue_pop and run, the three gaps below.
//
// queue_push puts a task at the tail and sets task->queued. It is called for
// each new task, and for each that is woken, perhaps while run is polling it.
//
// queue_pop takes the task at the head, clears task->queued and returns the
// task; NULL if there is none.
//
// run takes one task after the other from the queue and polls it, once, with
// task_poll. Then it gives the task back with task_release, whether it is done
// or pending: what is to be polled again will be queued again, by its waker.
// It returns when the queue is empty.
//
// Then type: make exercise N=03. If you are stuck: make hint N=03.
#include "exercise.h"

#include "03_task.h"

static struct task *head; // of the queue, linked by next; NULL if it is empty
static struct task *tail; // the last one; of no use while the queue is empty

void queue_push(struct task *task)
{
    // ---- your code, in place of this line ----
    todo("queue_push", task, tail);
    // ------------------------------------------
}

struct task *queue_pop(void)
{
    // ---- your code, in place of this line ----
    todo("queue_pop", head);
    // ------------------------------------------
}

void run(void)
{
    // ---- your code, in place of this line ----
    todo("run");
    // ------------------------------------------
}
