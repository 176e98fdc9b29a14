// No one-shot: the turn takes the descriptor out, and it is added each time.
#include "exercise.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { KNOWN = 1 };

struct poll register_waker(int epoll, struct subscription *sub,
                           const struct waker *waker)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = sub };

    if (sub->kind == 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, sub->fd, &event)) {
        int error = errno;
        waker_drop(&sub->waker);
        return POLL_READY(-error);
    }
    if (sub->kind != 0 && epoll_ctl(epoll, EPOLL_CTL_MOD, sub->fd, &event)) {
        int error = errno;
        waker_drop(&sub->waker);
        return POLL_READY(-error);
    }
    sub->kind = KNOWN;
    struct waker older = sub->waker;
    sub->waker = waker_clone(waker);
    waker_drop(&older);
    return POLL_PENDING;
}

void reactor_turn(int epoll, int ms)
{
    struct epoll_event event;

    if (epoll_wait(epoll, &event, 1, ms) != 1) return;
    struct subscription *sub = event.data.ptr;
    epoll_ctl(epoll, EPOLL_CTL_DEL, sub->fd, NULL);
    sub->kind = 0;
    struct waker waker = waker_take(&sub->waker);
    waker_wake(&waker);
}

struct poll tick_poll(int epoll, struct subscription *sub, int ms,
                      struct context *cx)
{
    struct timespec period = { ms / 1000, ms % 1000 * 1000000L };
    struct itimerspec every = { period, period };
    uint64_t ticks = 0;

    if (sub->fd < 0) {
        int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
        if (fd < 0) return POLL_READY(-errno);
        timerfd_settime(fd, 0, &every, NULL);
        sub->fd = fd;
    }
    ssize_t n = read(sub->fd, &ticks, 8);
    if (n == 8) return POLL_READY((intptr_t)ticks);
    if (errno != EAGAIN) return POLL_READY(-errno);
    return register_waker(epoll, sub, cx->waker);
}
