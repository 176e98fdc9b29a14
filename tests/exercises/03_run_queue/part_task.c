// The tasks that 03_task.h promises.
#include "part_task.h"

#include "harness.h"

// A task, and what the student need not see of it.
struct entry {
    struct task task;
    bool polling, pushed_in_poll;
};

int tasks_alive, polls_of_all;

void task_release(struct task *task)
{
    if (task->refs == 0)
        fail("A task was given back with task_release that was not yours to "
             "give: once for each task that queue_pop returns.");
    if (--task->refs > 0) return;
    tasks_alive--;
    future_drop(task->future);
    free(task);
}

static void push(struct task *task)
{
    struct entry *entry = (struct entry *)task;

    entry->pushed_in_poll = entry->polling;
    queue_push(task);
    expect(task->queued,
           "queue_push(%s) has not set task->queued: the next wake would queue "
           "it a second time.",
           task->name);
}

static void waker_clone_task(void *data)
{
    ((struct task *)data)->refs++;
}

static void waker_wake_task(void *data)
{
    struct task *task = data;

    if (task->queued || task->future == NULL)
        task_release(task);
    else
        push(task); // the waker's reference is now that of its place
}

static void waker_drop_task(void *data)
{
    task_release(data);
}

void task_poll(struct task *task)
{
    static const struct waker_vtable vtable = { waker_clone_task,
                                                waker_wake_task,
                                                waker_drop_task };
    struct context cx = { &(struct waker){ &vtable, task } };
    struct entry *entry = (struct entry *)task;

    expect(!task->queued || !entry->pushed_in_poll,
           "%s was polled twice in a row: it was woken during its poll, so it "
           "is in the queue again, behind the others, and will have its turn. "
           "run polls a task once and goes on to the next.",
           task->name);
    expect(!task->queued,
           "%s is polled, and task->queued is still set: a wake during the "
           "poll would change nothing. Take it off with queue_pop, which must "
           "clear it.",
           task->name);
    entry->polling = true;
    polls_of_all++;
    bool pending =
        task->future == NULL || !future_poll(task->future, &cx).ready;
    entry->polling = false;
    if (pending) return;
    future_drop(task->future);
    task->future = NULL;
}

void spawn(struct script *script)
{
    struct task *task = calloc(1, sizeof(struct entry));

    if (task == NULL) abort();
    tasks_alive++;
    task->future = script->future;
    task->name = script->name;
    task->refs = 1;
    event(script->name, "spawn", "| queue_push");
    awaiting("queue_push(%s) to return", script->name);
    push(task);
}
