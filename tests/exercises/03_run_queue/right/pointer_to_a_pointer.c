// The end of the queue is the place where the next pointer goes.
#include "03_task.h"

static struct task *first;
static struct task **end = &first;

void queue_push(struct task *task)
{
    task->queued = true;
    task->next = NULL;
    *end = task;
    end = &task->next;
}

struct task *queue_pop(void)
{
    struct task *task = first;

    if (task == NULL) return NULL;
    first = task->next;
    if (first == NULL) end = &first;
    task->queued = false;
    return task;
}

void run(void)
{
    for (struct task *task = queue_pop(); task != NULL; task = queue_pop()) {
        task_poll(task);
        task_release(task);
    }
}
