// 02. block_on parks the thread: the solution.
#include "exercise.h"

#include <pthread.h>
#include <stdatomic.h>

struct parker {
    pthread_mutex_t lock;
    pthread_cond_t cv;  // signalled when woken has become true
    bool woken;         // guarded by lock
    atomic_size_t refs; // one for each waker; block_on's own is the first
};

static void parker_clone(void *data)
{
    ((struct parker *)data)->refs++;
}

static void parker_drop(void *data)
{
    if (--((struct parker *)data)->refs == 0) free(data);
}

static void parker_wake(void *data)
{
    struct parker *self = data;

    pthread_mutex_lock(&self->lock);
    self->woken = true; // block_on may not sleep yet: it looks before it does
    pthread_cond_signal(&self->cv);
    pthread_mutex_unlock(&self->lock);
    parker_drop(self);
}

intptr_t block_on(struct future *future)
{
    static const struct waker_vtable vtable = { parker_clone, parker_wake,
                                                parker_drop };
    // On the heap: somebody may keep a waker for longer than block_on runs.
    struct parker *parker = box_new(sizeof(*parker));
    *parker = (struct parker){ PTHREAD_MUTEX_INITIALIZER,
                               PTHREAD_COND_INITIALIZER, false, 1 };
    struct waker waker = { &vtable, parker };
    struct context cx = { &waker };
    struct poll poll;

    while (poll = future_poll(future, &cx), !poll.ready) {
        pthread_mutex_lock(&parker->lock);
        while (!parker->woken) pthread_cond_wait(&parker->cv, &parker->lock);
        parker->woken = false; // one poll for this wake
        pthread_mutex_unlock(&parker->lock);
    }
    future_drop(future);
    waker_drop(&waker);
    return poll.value;
}
