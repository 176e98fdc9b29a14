// 06. Wake once, during a poll, after the end: the solution.
#include "06_task.h"

// A task in the queue will be polled anyway, and see then what it was woken
// for. One that is done must never be polled again.
void task_wake(struct task *task)
{
    queue_lock();
    if (task->state == WAITING) {
        task->state = QUEUED;
        queue_push(task);
    }
    queue_unlock();
}

bool step(void)
{
    // It waits from here on, although it has not been polled yet: a wake during
    // the poll must find it waiting, or it would change nothing and be lost.
    queue_lock();
    struct task *task = queue_pop();
    if (task != NULL) task->state = WAITING;
    queue_unlock();
    if (task == NULL) return false;

    // So a wake during its last poll has queued it again, in vain.
    if (task_poll(task).ready) {
        queue_lock();
        task->state = DONE;
        queue_remove(task);
        queue_unlock();
    }
    return true;
}
