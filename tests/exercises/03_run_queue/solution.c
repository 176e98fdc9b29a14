// 03. The run-queue: the solution.
#include "03_task.h"

static struct task *head; // of the queue, linked by next; NULL if it is empty
static struct task *tail; // the last one, if it is not

void queue_push(struct task *task)
{
    task->queued = true;
    task->next = NULL; // it may have been in the queue before
    if (head == NULL)
        head = task;
    else
        tail->next = task;
    tail = task;
}

struct task *queue_pop(void)
{
    struct task *task = head;

    if (task == NULL) return NULL;
    head = task->next;
    task->queued = false; // from here on a wake queues it again
    return task;
}

// Whether a task is done or pending makes no difference here: the queue is for
// those that can run, and its waker knows when that is.
void run(void)
{
    struct task *task;

    while ((task = queue_pop()) != NULL) {
        task_poll(task);
        task_release(task);
    }
}
