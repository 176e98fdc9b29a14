// An event is an eventfd that counts (EFD_SEMAPHORE): a write adds one, a read
// takes one. Waiting for it is a leaf future like those in trale.c.
//
// If all who wait read when they are woken, a newcomer could read first, and the
// one who was woken would go to the end of the line. So they stand in a queue,
// and only the first one reads and registers with the reactor. The others leave
// a waker in the queue. Who leaves the front, served or dropped, wakes the next.
//
//     first: registered     second: waker here     third: waker here
//
// A production runtime needs no descriptor for this: the one who notifies takes
// the first waker from the queue and wakes it. Later trale has it over an
// eventfd, and so it can be notified by a signal handler, or by another process.
#include "event.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct event_wait {
    struct future future;
    struct event *event;
    // Used by the first in the queue only:
    struct subscription sub;
    // Guarded by event->lock:
    bool queued;
    struct waker waker; // empty: it is the first, and has been told
    struct event_wait *next;
};

int event_new(struct event *event)
{
    int fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK);

    if (fd == -1) return -errno;
    event->fd = fd;
    pthread_mutex_init(&event->lock, NULL);
    event->first = NULL;
    event->end = &event->first;
    return 0;
}

void event_drop(struct event *event)
{
    if (event->first != NULL)
        panic("an event was dropped while a future waited for it: drop the "
              "future first");
    close(event->fd);
    pthread_mutex_destroy(&event->lock);
}

int event_notify_one(struct event *event)
{
    uint64_t one = 1;

    return write(event->fd, &one, sizeof(one)) == -1 ? -errno : 0;
}

// Returns whether self is the first in the queue. If not, its waker is there.
static bool is_first(struct event_wait *self, const struct waker *waker)
{
    struct event *event = self->event;
    struct waker unused = waker_clone(waker);

    pthread_mutex_lock(&event->lock);
    if (!self->queued) {
        *event->end = self;
        event->end = &self->next;
        self->queued = true;
    }
    bool first = event->first == self;
    struct waker old = self->waker;
    self->waker = (struct waker){ 0 };
    if (!first) self->waker = waker_take(&unused);
    pthread_mutex_unlock(&event->lock);
    waker_drop(&old);
    waker_drop(&unused);
    return first;
}

// Leaves the queue. If there is a new first one, it does not know that yet.
static void leave(struct event_wait *self)
{
    struct event *event = self->event;
    struct event_wait **place = &event->first;
    struct waker next = { 0 };

    pthread_mutex_lock(&event->lock);
    while (*place != self) place = &(*place)->next;
    *place = self->next;
    if (event->end == &self->next) event->end = place;
    self->queued = false;
    struct waker own = waker_take(&self->waker);
    if (event->first != NULL) next = waker_take(&event->first->waker);
    pthread_mutex_unlock(&event->lock);
    waker_drop(&own);
    waker_wake(&next);
}

static struct poll event_wait_poll(struct future *future, struct context *cx)
{
    struct event_wait *self = (struct event_wait *)future;
    uint64_t one;

    if (!is_first(self, cx->waker)) return POLL_PENDING;
    if (read(self->sub.fd, &one, sizeof(one)) == -1) {
        if (errno != EAGAIN) return POLL_READY(-errno);
        return reactor_register_waker(&self->sub, cx->waker);
    }
    leave(self);
    return POLL_READY(0);
}

static void event_wait_drop(struct future *future)
{
    struct event_wait *self = (struct event_wait *)future;

    reactor_deregister_waker(&self->sub);
    if (self->queued) leave(self);
}

struct future *event_wait(struct event *event)
{
    static const struct future_vtable vtable = { "event", event_wait_poll,
                                                 event_wait_drop };
    struct event_wait *self = future_new(sizeof(*self), &vtable);

    self->event = event;
    self->sub =
        (struct subscription){ .fd = event->fd, .kind = WAKEUP_READABLE };
    return &self->future;
}
