// An eventfd remembers the wakes, and poll(2) sleeps.
#define _GNU_SOURCE
#include "exercise.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct parker {
    int fd;
    atomic_size_t refs;
};

static void parker_clone(void *data)
{
    ((struct parker *)data)->refs++;
}

static void parker_drop(void *data)
{
    struct parker *self = data;

    if (--self->refs > 0) return;
    close(self->fd);
    free(self);
}

static void parker_wake(void *data)
{
    struct parker *self = data;
    uint64_t one = 1;

    if (write(self->fd, &one, sizeof(one)) != sizeof(one)) abort();
    parker_drop(self);
}

intptr_t block_on(struct future *future)
{
    static const struct waker_vtable vtable = { parker_clone, parker_wake,
                                                parker_drop };
    struct parker *parker = box_new(sizeof(*parker));
    struct waker waker = { &vtable, parker };
    struct context cx = { &waker };
    struct poll result;

    parker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    parker->refs = 1;
    while (result = future_poll(future, &cx), !result.ready) {
        struct pollfd in = { .fd = parker->fd, .events = POLLIN };
        uint64_t count;
        while (read(parker->fd, &count, sizeof(count)) != sizeof(count))
            poll(&in, 1, -1);
    }
    future_drop(future);
    waker_drop(&waker);
    return result.value;
}
