// Only the last one is known: behind it comes the first.
#include "03_task.h"

static struct task *last;

void queue_push(struct task *task)
{
    task->queued = true;
    if (last == NULL) {
        task->next = task;
    } else {
        task->next = last->next;
        last->next = task;
    }
    last = task;
}

struct task *queue_pop(void)
{
    if (last == NULL) return NULL;
    struct task *task = last->next;
    if (task == last)
        last = NULL;
    else
        last->next = task->next;
    task->next = NULL;
    task->queued = false;
    return task;
}

void run(void)
{
    struct task *task;

    do {
        task = queue_pop();
        if (task != NULL) {
            task_poll(task);
            task_release(task);
        }
    } while (task != NULL);
}
