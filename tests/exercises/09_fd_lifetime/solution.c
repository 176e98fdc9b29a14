// 09. The lifetime of a descriptor: the solution.
#include "exercise.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct source {
    struct waker waker;  // of who watches; empty: nobody
    uint32_t generation; // grows with each end of a registration
} sources[1024];         // indexed by descriptor

// Undoes the registration, if there is one.
static void unwatch(int epoll, int fd)
{
    struct source *source = &sources[fd];

    if (source->waker.vtable != NULL) epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    source->generation++;
    waker_drop(&source->waker);
}

// The event will bring back the descriptor and the generation, which together
// name this registration and no other.
struct poll watch(int epoll, int fd, const struct waker *waker)
{
    struct epoll_event event = { .events = EPOLLIN };
    struct source *source = &sources[fd];

    unwatch(epoll, fd);
    event.data.u64 = (uint64_t)source->generation << 32 | (uint32_t)fd;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)
        return POLL_READY(-errno);
    source->waker = waker_clone(waker);
    return POLL_PENDING;
}

// An event of an older generation is about a registration that has ended, and
// perhaps about a descriptor that only had the same number.
void serve(int epoll, struct epoll_event event)
{
    int fd = (int)(uint32_t)event.data.u64;

    if (sources[fd].generation != event.data.u64 >> 32) return;
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    waker_wake(&sources[fd].waker);
}

// In this order: once it is closed, the number may be another's.
void release(int epoll, int *fd)
{
    if (*fd < 0) return;
    unwatch(epoll, *fd);
    close(*fd);
    *fd = -1;
}
