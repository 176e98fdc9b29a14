// A semaphore, which is posted once for all wakes since the last sleep.
#include "exercise.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>

struct parker {
    sem_t semaphore;
    atomic_bool woken;
    atomic_size_t refs;
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

    if (!atomic_exchange(&self->woken, true)) sem_post(&self->semaphore);
    parker_drop(self);
}

intptr_t block_on(struct future *future)
{
    static const struct waker_vtable vtable = { parker_clone, parker_wake,
                                                parker_drop };
    struct parker *parker = box_new(sizeof(*parker));
    struct waker waker = { &vtable, parker };
    struct context cx = { &waker };
    struct poll poll;

    parker->refs = 1;
    sem_init(&parker->semaphore, 0, 0);
    while (poll = future_poll(future, &cx), !poll.ready) {
        while (sem_wait(&parker->semaphore) == -1 && errno == EINTR) {
        }
        parker->woken = false; // before the poll: what comes now posts again
    }
    future_drop(future);
    waker_drop(&waker);
    return poll.value;
}
