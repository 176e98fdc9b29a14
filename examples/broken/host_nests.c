// The mistake: a task runs the host's loop. Who makes it wants to wait for
// something of the host's, and knows loop_run as what waits. The loop calls
// run_pending, in the middle of a poll.
//
// Rust: a RefCell would panic, already borrowed. Lwt_main.run refuses it too.
//
// What to do: return to the host. Let the host resolve a promise, and await it.
#include "../futures/yield.h"
#include "../hosts/local_executor.h"
#include "../hosts/loop.h"

static int fd;

static void notified(void *executor)
{
    notification_clear(fd);
    local_executor_run_pending(executor);
}

static struct poll waiting_poll(struct future *future, struct context *cx)
{
    (void)future, (void)cx;
    loop_run(); // here it is
    return POLL_READY(0);
}

int main(void)
{
    static const struct future_vtable waiting = { "waiting", waiting_poll,
                                                  NULL };
    struct waker notification;

    fd = notification_new(&notification);
    struct local_executor *executor = local_executor_new(&notification);
    loop_watch(fd, notified, executor);
    local_executor_spawn(executor, timer_sleep(duration_from_millis(10)));
    local_executor_spawn(executor, future_new(sizeof(struct future), &waiting));
    loop_run();
    return 0;
}

// Expected output:
//
//     trale: in task waiting#2: local_executor_run_pending was called inside a
//         task: let the host call it, when the task has returned
