// The host is libevent, the loop of Tor and memcached.
#include "guest.h"

#include <event2/event.h>

static struct event_base *base;

static void notified(evutil_socket_t fd, short what, void *executor)
{
    (void)what;
    notification_clear(fd);
    local_executor_run_pending(executor);
    if (guest_done()) event_base_loopbreak(base);
}

static void beat(evutil_socket_t fd, short what, void *unused)
{
    (void)fd, (void)what, (void)unused;
    guest_beat();
}

int main(void)
{
    struct waker notification;
    int fd = notification_new(&notification);
    struct local_executor *executor = local_executor_new(&notification);

    base = event_base_new();
    short often = EV_READ | EV_PERSIST;
    struct event *watch = event_new(base, fd, often, notified, executor);
    struct event *timer = event_new(base, -1, EV_PERSIST, beat, NULL);
    event_add(watch, NULL);
    event_add(timer, &(struct timeval){ .tv_usec = 10000 });
    guest_start(executor);
    event_base_dispatch(base);
    event_free(watch);
    event_free(timer);
    event_base_free(base);
    local_executor_drop(executor);
    return guest_report("event");
}
