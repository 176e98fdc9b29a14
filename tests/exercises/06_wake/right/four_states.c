// States of its own: being polled, and woken while being polled. The wake then
// leaves a note, and step queues the task after the poll.
#include "06_task.h"

enum { POLLED = DONE + 1, WOKEN };

void task_wake(struct task *task)
{
    queue_lock();
    if ((int)task->state == POLLED) task->state = (enum task_state)WOKEN;
    if (task->state == WAITING) {
        task->state = QUEUED;
        queue_push(task);
    }
    queue_unlock();
}

bool step(void)
{
    queue_lock();
    struct task *task = queue_pop();
    if (task != NULL) task->state = (enum task_state)POLLED;
    queue_unlock();
    if (task == NULL) return false;
    bool ready = task_poll(task).ready;
    queue_lock();
    if (ready) {
        task->state = DONE;
    } else if ((int)task->state == WOKEN) {
        task->state = QUEUED;
        queue_push(task);
    } else {
        task->state = WAITING;
    }
    queue_unlock();
    return true;
}
