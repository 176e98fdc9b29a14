// 15. The reactor on a thread of its own: the solution.
#include "15_reactor.h"

#include <errno.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct source {
    struct waker waker;  // of who waits; empty: nobody
    uint32_t generation; // grows with each change
} sources[1024];         // indexed by descriptor

// Under the lock: the registration ends, and its waker is the caller's.
static struct waker take(int epoll, int fd)
{
    struct source *source = &sources[fd];

    if (source->waker.vtable != NULL) epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    source->generation++;
    return waker_take(&source->waker);
}

// The event may come as soon as epoll knows the descriptor, but the reactor's
// thread needs the lock to look for the waker, and by then it is there.
struct poll reactor_register(int epoll, int fd, uint32_t events,
                             const struct waker *waker)
{
    struct waker latest = waker_clone(waker);
    struct epoll_event event = { .events = events };
    int error = 0;

    pthread_mutex_lock(&lock);
    struct waker replaced = take(epoll, fd);
    event.data.u64 = (uint64_t)sources[fd].generation << 32 | (uint32_t)fd;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)
        error = errno;
    else
        sources[fd].waker = waker_take(&latest);
    pthread_mutex_unlock(&lock);
    waker_drop(&replaced);
    waker_drop(&latest); // empty, unless epoll has refused
    return error != 0 ? POLL_READY(-error) : POLL_PENDING;
}

void reactor_deregister(int epoll, int fd)
{
    pthread_mutex_lock(&lock);
    struct waker waker = take(epoll, fd);
    pthread_mutex_unlock(&lock);
    waker_drop(&waker);
}

// Between epoll_wait and the lock anything may have happened to the descriptor.
void reactor_loop(int epoll)
{
    struct epoll_event event;

    for (;;) {
        if (epoll_wait(epoll, &event, 1, -1) != 1) continue; // a signal
        if (event.data.u64 == REACTOR_STOP) return;
        int fd = (int)(uint32_t)event.data.u64;
        struct waker waker = { NULL, NULL };
        pthread_mutex_lock(&lock);
        if (sources[fd].generation == event.data.u64 >> 32)
            waker = take(epoll, fd);
        pthread_mutex_unlock(&lock);
        waker_wake(&waker);
    }
}
