// The host is a loop over poll(2), with callbacks. libc alone: see loop.c.
#include "guest.h"
#include "loop.h"

static int fd;

static void notified(void *executor)
{
    notification_clear(fd);
    local_executor_run_pending(executor);
    if (guest_done()) loop_stop();
}

static void beat(void *unused)
{
    guest_beat();
    loop_after(10, beat, unused);
}

int main(void)
{
    struct waker notification;
    fd = notification_new(&notification);
    struct local_executor *executor = local_executor_new(&notification);

    loop_watch(fd, notified, executor);
    loop_after(10, beat, NULL);
    guest_start(executor);
    loop_run();
    loop_unwatch(fd);
    loop_clear();
    local_executor_drop(executor);
    return guest_report("poll");
}
