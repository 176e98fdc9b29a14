// The host is libev, a small loop in the manner of libevent; Lwt may use it.
#include "guest.h"

#include <ev.h>

static void notified(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    notification_clear(watch->fd);
    local_executor_run_pending(watch->data);
    if (guest_done()) ev_break(loop, EVBREAK_ALL);
}

static void beat(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)timer, (void)events;
    guest_beat();
}

int main(void)
{
    struct ev_loop *loop = ev_default_loop(0);
    struct waker notification;
    int fd = notification_new(&notification);
    struct local_executor *executor = local_executor_new(&notification);
    ev_io watch = { .data = executor };
    ev_timer timer = { .data = NULL };

    ev_init(&watch, notified);
    ev_io_set(&watch, fd, EV_READ);
    ev_io_start(loop, &watch);
    ev_init(&timer, beat);
    ev_timer_set(&timer, .01, .01);
    ev_timer_start(loop, &timer);
    guest_start(executor);
    ev_run(loop, 0);
    ev_io_stop(loop, &watch);
    local_executor_drop(executor);
    return guest_report("ev");
}
