// 08. A reactor, epoll and timerfd: the solution.
#include "exercise.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

// One-shot: once it has reported the descriptor, epoll keeps it but is silent,
// until EPOLL_CTL_MOD asks anew. It is not edge-triggered, so it then looks at
// what is there, and not at what has changed.
struct poll register_waker(int epoll, struct subscription *sub,
                           const struct waker *waker)
{
    struct epoll_event event = { EPOLLIN | EPOLLONESHOT, { .ptr = sub } };
    int op = sub->kind == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

    waker_drop(&sub->waker); // the latest waker wins
    if (epoll_ctl(epoll, op, sub->fd, &event) == -1) return POLL_READY(-errno);
    sub->kind = WAKEUP_READABLE;
    sub->waker = waker_clone(waker);
    return POLL_PENDING;
}

// Waking only says who can go on. What there is to read is read by the poll.
void reactor_turn(int epoll, int ms)
{
    struct epoll_event events[16];
    int n = epoll_wait(epoll, events, 16, ms);

    for (int i = 0; i < n; i++) {
        struct subscription *sub = events[i].data.ptr;
        waker_wake(&sub->waker);
    }
}

// Try, and register if that would block. A timerfd can be read from its first
// tick on until it is read, so one that nobody reads wakes again and again.
struct poll tick_poll(int epoll, struct subscription *sub, int ms,
                      struct context *cx)
{
    struct timespec period = { ms / 1000, ms % 1000 * 1000000L };
    struct itimerspec every = { period, period };
    uint64_t ticks;

    if (sub->fd == -1) {
        sub->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        if (sub->fd == -1) return POLL_READY(-errno);
        timerfd_settime(sub->fd, 0, &every, NULL);
    }
    if (read(sub->fd, &ticks, sizeof(ticks)) > 0) return POLL_READY(ticks);
    return register_waker(epoll, sub, cx->waker);
}
