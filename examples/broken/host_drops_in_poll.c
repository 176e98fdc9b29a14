// The mistake: a task drops the executor that polls it. Who makes it lets the
// last task clean up. Its own future would be freed under its feet.
//
// Rust: the executor is borrowed while it polls, so this does not compile.
//
// What to do: let the task tell the host, and the host drop the executor when
// run_pending has returned. That it returns 0 may be all that the host must know.
#include "../hosts/local_executor.h"

static struct local_executor *executor;

static struct poll last_poll(struct future *future, struct context *cx)
{
    (void)future, (void)cx;
    local_executor_drop(executor); // here it is
    return POLL_READY(0);
}

int main(void)
{
    static const struct future_vtable last = { "last", last_poll, NULL };
    struct waker notification;
    int fd = notification_new(&notification);

    executor = local_executor_new(&notification);
    local_executor_spawn(executor, future_new(sizeof(struct future), &last));
    notification_clear(fd);
    local_executor_run_pending(executor);
    return 0;
}

// Expected output:
//
//     trale: in task last#1: local_executor_drop was called inside a task: let
//         the host call it, when the task has returned
