// A futex: the kernel sleeps only if `woken` is still 0.
#define _GNU_SOURCE
#include "exercise.h"

#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

struct parker {
    atomic_int woken;
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

    self->woken = 1;
    syscall(SYS_futex, &self->woken, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
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
    for (poll = future_poll(future, &cx); !poll.ready;
         poll = future_poll(future, &cx))
        while (atomic_exchange(&parker->woken, 0) == 0)
            syscall(SYS_futex, &parker->woken, FUTEX_WAIT_PRIVATE, 0, NULL,
                    NULL, 0);
    future_drop(future);
    waker_drop(&waker);
    return poll.value;
}
