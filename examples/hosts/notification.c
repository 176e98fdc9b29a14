// A waker that makes a descriptor readable: Lwt_unix.make_notification, libuv's
// uv_async_t, the self-pipe of older programs. Any event loop can watch it.
//
// An eventfd is a counter in the kernel. A write adds to it, a read takes all,
// and it is readable unless it is zero. So many wakes are one.
#include "local_executor.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

// Shared by all clones. The last one closes the descriptor: before that, its
// number cannot go to another file under the hands of one who wakes.
struct notification {
    _Atomic unsigned clones;
    int fd;
};

static void notification_clone(void *data)
{
    ((struct notification *)data)->clones++;
}

static void notification_drop(void *data)
{
    struct notification *self = data;

    if (--self->clones > 0) return;
    close(self->fd);
    free(self);
}

// EAGAIN: the counter is at its end, so it is readable, and that is enough.
static void notification_wake(void *data)
{
    uint64_t one = 1;
    ssize_t n = write(((struct notification *)data)->fd, &one, sizeof(one));

    if (n == -1 && errno != EAGAIN)
        panic("the eventfd of a notification was closed: local_executor_drop "
              "closes it");
    notification_drop(data);
}

int notification_new(struct waker *notification)
{
    static const struct waker_vtable vtable = { notification_clone,
                                                notification_wake,
                                                notification_drop };
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    *notification = (struct waker){ 0 };
    if (fd == -1) return -errno;
    struct notification *self = malloc(sizeof(*self));
    if (self == NULL) panic("out of memory");
    self->clones = 1;
    self->fd = fd;
    *notification = (struct waker){ &vtable, self };
    return fd;
}

// EAGAIN: it was clear already.
void notification_clear(int fd)
{
    uint64_t count;

    if (read(fd, &count, sizeof(count)) == -1 && errno != EAGAIN)
        panic("fd %d is no notification: notification_new makes one", fd);
}
