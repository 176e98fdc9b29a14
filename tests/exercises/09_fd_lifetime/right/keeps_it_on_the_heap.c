// The old registration is undone without asking whether there is one.
#include "exercise.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct waker wakers[1024];
static uint32_t ages[1024];

static uint64_t key(int fd)
{
    return (uint64_t)(uint32_t)fd << 32 | ages[fd];
}

struct poll watch(int epoll, int fd, const struct waker *waker)
{
    struct epoll_event event = { .events = EPOLLIN };

    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL); // in vain at the first time
    ages[fd]++;
    event.data.u64 = key(fd);
    int error = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? errno : 0;
    waker_drop(&wakers[fd]);
    if (error != 0) return POLL_READY(-error);
    wakers[fd] = waker_clone(waker);
    return POLL_PENDING;
}

void serve(int epoll, struct epoll_event event)
{
    int fd = (int)(event.data.u64 >> 32);

    if (event.data.u64 != key(fd) || wakers[fd].vtable == NULL) return;
    ages[fd]++;
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    waker_wake(&wakers[fd]);
}

void release(int epoll, int *fd)
{
    if (*fd < 0) return;
    ages[*fd]++;
    if (wakers[*fd].vtable) epoll_ctl(epoll, EPOLL_CTL_DEL, *fd, NULL);
    waker_drop(&wakers[*fd]);
    close(*fd);
    *fd = -1;
}
