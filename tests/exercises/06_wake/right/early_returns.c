// One way out each, and the new state is asked for again after the poll.
#include "06_task.h"

void task_wake(struct task *task)
{
    queue_lock();
    switch (task->state) {
    case WAITING:
        queue_push(task);
        task->state = QUEUED;
        break;
    case QUEUED:
    case DONE:
        break;
    }
    queue_unlock();
}

bool step(void)
{
    struct task *task;

    queue_lock();
    task = queue_pop();
    if (!task) {
        queue_unlock();
        return false;
    }
    task->state = WAITING;
    queue_unlock();

    struct poll poll = task_poll(task);

    queue_lock();
    if (poll.ready) {
        if (task->state == QUEUED) queue_remove(task);
        task->state = DONE;
    }
    queue_unlock();
    return true;
}
