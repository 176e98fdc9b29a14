// The mistake: the host never calls run_pending. Who makes it has made the
// executor, and forgotten to let the loop watch its descriptor.
//
// In Rust a task that nobody polls does nothing, and nobody is told.
//
// What to do: watch the descriptor of notification_new before the loop runs. If
// the host is only late, because one of its callbacks takes more than a second,
// mend that.
#include "../futures/yield.h"
#include "../hosts/local_executor.h"
#include "../hosts/loop.h"

static void spawn_one(void *executor)
{
    local_executor_spawn(executor, yield_now());
}

static void stop(void *unused)
{
    (void)unused;
    loop_stop();
}

int main(void)
{
    struct waker notification;

    notification_new(&notification); // here it is: nobody keeps the descriptor
    struct local_executor *executor = local_executor_new(&notification);
    spawn_one(executor);
    loop_after(1200, spawn_one, executor);
    loop_after(1201, stop, NULL);
    loop_run();
    local_executor_drop(executor);
    return 0;
}

// Expected output, a warning:
//
//     local_executor: the host was notified a second ago, and has not called
//         local_executor_run_pending: 2 tasks are left
