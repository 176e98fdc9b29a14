// 14. Spawn and join: the solution.
#include "14_task.h"

// A thread and a task may ask for the output, so both are told. The waker is
// taken out under the lock and woken without it.
void task_finish(struct task *task, intptr_t value)
{
    pthread_mutex_lock(&task->lock);
    task->output = POLL_READY(value);
    struct waker joiner = waker_take(&task->joiner);
    pthread_cond_signal(&task->done);
    pthread_mutex_unlock(&task->lock);
    waker_wake(&joiner);
}

// To leave the waker and to look are one step, so task_finish comes before both
// or after both. What is left over is dropped behind them.
struct poll handle_poll(struct future *handle, struct context *cx)
{
    struct task *task = ((struct handle *)handle)->task;
    struct waker latest = waker_clone(cx->waker);

    pthread_mutex_lock(&task->lock);
    struct poll output = task->output;
    struct waker replaced = task->joiner;
    task->joiner = latest;
    pthread_mutex_unlock(&task->lock);
    waker_drop(&replaced);
    return output;
}

intptr_t handle_join(struct future *handle)
{
    struct task *task = ((struct handle *)handle)->task;

    pthread_mutex_lock(&task->lock);
    while (!task->output.ready) pthread_cond_wait(&task->done, &task->lock);
    intptr_t value = task->output.value; // the task may be gone after the drop
    pthread_mutex_unlock(&task->lock);
    future_drop(handle);
    return value;
}

void handle_drop(struct future *handle)
{
    struct task *task = ((struct handle *)handle)->task;

    pthread_mutex_lock(&task->lock);
    struct waker joiner = waker_take(&task->joiner);
    pthread_mutex_unlock(&task->lock);
    waker_drop(&joiner);
    task_release(task);
}
