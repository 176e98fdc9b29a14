// An array that grows, and two numbers that only grow too.
#include "exercise.h"

#include "03_task.h"

static struct task **ring;
static size_t size, in, out;

void queue_push(struct task *task)
{
    if (in - out == size) {
        size_t larger = size == 0 ? 4 : 2 * size;
        struct task **place = box_new(larger * sizeof(*place));
        for (size_t i = out; i < in; i++) place[i - out] = ring[i % size];
        free(ring);
        ring = place;
        in -= out;
        out = 0;
        size = larger;
    }
    task->queued = true;
    ring[in++ % size] = task;
}

struct task *queue_pop(void)
{
    if (in == out) return NULL;
    struct task *task = ring[out++ % size];
    task->queued = false;
    return task;
}

void run(void)
{
    while (in != out) {
        struct task *task = queue_pop();
        task_poll(task);
        task_release(task);
    }
}
