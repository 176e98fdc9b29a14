// With the threads of C11.
#include "exercise.h"

#include <stdatomic.h>
#include <threads.h>

struct parker {
    mtx_t lock;
    cnd_t cv;
    bool woken;
    atomic_size_t refs;
};

static void parker_clone(void *data)
{
    atomic_fetch_add(&((struct parker *)data)->refs, 1);
}

static void parker_drop(void *data)
{
    struct parker *self = data;

    if (atomic_fetch_sub(&self->refs, 1) != 1) return;
    mtx_destroy(&self->lock);
    cnd_destroy(&self->cv);
    free(self);
}

static void parker_wake(void *data)
{
    struct parker *self = data;

    mtx_lock(&self->lock);
    self->woken = true;
    mtx_unlock(&self->lock);
    cnd_signal(&self->cv); // the waker that we have keeps it alive
    parker_drop(self);
}

intptr_t block_on(struct future *future)
{
    static const struct waker_vtable vtable = { parker_clone, parker_wake,
                                                parker_drop };
    struct parker *parker = box_new(sizeof(*parker));
    struct waker waker = { &vtable, parker };
    struct context cx = { &waker };

    mtx_init(&parker->lock, mtx_plain);
    cnd_init(&parker->cv);
    parker->refs = 1;
    for (;;) {
        struct poll poll = future_poll(future, &cx);
        if (poll.ready) {
            future_drop(future);
            waker_drop(&waker);
            return poll.value;
        }
        mtx_lock(&parker->lock);
        while (!parker->woken) cnd_wait(&parker->cv, &parker->lock);
        parker->woken = false;
        mtx_unlock(&parker->lock);
    }
}
