// Looks first, clones only if it must, and broadcasts without the lock.
#include "14_task.h"

static struct waker exchange(struct task *task, struct waker new)
{
    struct waker old = task->joiner;

    task->joiner = new;
    return old;
}

void task_finish(struct task *task, intptr_t value)
{
    struct waker none = { NULL, NULL };

    pthread_mutex_lock(&task->lock);
    task->output.ready = true;
    task->output.value = value;
    struct waker joiner = exchange(task, none);
    pthread_mutex_unlock(&task->lock);
    pthread_cond_broadcast(&task->done);
    waker_wake(&joiner);
}

static struct poll look(struct task *task)
{
    pthread_mutex_lock(&task->lock);
    struct poll output = task->output;
    pthread_mutex_unlock(&task->lock);
    return output;
}

struct poll handle_poll(struct future *handle, struct context *cx)
{
    struct task *task = ((struct handle *)handle)->task;
    struct poll output = look(task);

    if (output.ready) return output;
    struct waker waker = waker_clone(cx->waker);
    pthread_mutex_lock(&task->lock);
    waker = exchange(task, waker);
    pthread_mutex_unlock(&task->lock);
    waker_drop(&waker);
    return look(task);
}

intptr_t handle_join(struct future *handle)
{
    struct task *task = ((struct handle *)handle)->task;
    struct poll output;

    pthread_mutex_lock(&task->lock);
    for (output = task->output; !output.ready; output = task->output)
        pthread_cond_wait(&task->done, &task->lock);
    pthread_mutex_unlock(&task->lock);
    future_drop(handle);
    return output.value;
}

void handle_drop(struct future *handle)
{
    struct task *task = ((struct handle *)handle)->task;
    struct waker none = { NULL, NULL };

    pthread_mutex_lock(&task->lock);
    struct waker joiner = exchange(task, none);
    pthread_mutex_unlock(&task->lock);
    task_release(task);
    waker_drop(&joiner);
}
