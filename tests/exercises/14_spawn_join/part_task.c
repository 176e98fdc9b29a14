// What 14_task.h promises.
#include "part_task.h"

#include "harness.h"

int tasks_alive;
static int handles_dropped;
static atomic_bool task_finishes; // the last that was spawned

void task_release(struct task *task)
{
    expect(!has_lock(),
           "task_release was called with the lock of the task held, "
           "which may be gone after that.");
    int refs = --task->refs;
    expect(refs >= 0, "A task was released once too often: the handle has one "
                      "reference to it.");
    event("task", "release", "| references left: %d", refs);
    if (refs > 0) return;
    unguard(&task->output);
    unguard(&task->joiner);
    tasks_alive--;
    future_drop(task->future);
    pthread_mutex_destroy(&task->lock);
    pthread_cond_destroy(&task->done);
    free(task);
}

static void drop(struct future *handle)
{
    struct call outer = enter("handle_drop");

    handle_drop(handle);
    leave(outer);
    handles_dropped++;
}

struct future *spawn(struct future *future)
{
    static const struct future_vtable vtable = { "handle", handle_poll, drop };
    struct handle *handle = future_new(sizeof(*handle), &vtable);
    struct task *task = box_new(sizeof(*task));

    pthread_mutex_init(&task->lock, NULL);
    pthread_cond_init(&task->done, NULL);
    task->future = future;
    task->refs = 2;
    handle->task = task;
    tasks_alive++;
    task_finishes = false;
    if (many_threads) return &handle->future;
    guard(&task->output, sizeof(task->output), "task->output");
    guard(&task->joiner, sizeof(task->joiner), "task->joiner");
    return &handle->future;
}

bool many_threads;

void finish(struct task *task, intptr_t value)
{
    task_finishes = true;
    event("task", "finish", "= %ld", (long)value);
    awaiting("task_finish to return");
    struct call outer = enter("task_finish");
    task_finish(task, value);
    leave(outer);
    awaiting("%s", "");
    task_release(task);
}

intptr_t join(struct future *handle)
{
    struct call outer = enter("handle_join");

    may_sleep();
    awaiting("handle_join to return");
    int dropped = handles_dropped;
    intptr_t value = handle_join(handle);
    expect(task_finishes || !woken_for_nothing(),
           "The task is not done, and handle_join returned: pthread_cond_wait "
           "returned for nothing, as it may, and handle_join went on without "
           "another look. Ask again after each return: while, and not if, "
           "around pthread_cond_wait.");
    leave(outer);
    awaiting("%s", "");
    expect(handles_dropped > dropped,
           "handle_join returned and has not dropped the handle: nobody else "
           "will. It ends with future_drop(handle).");
    return value;
}
