// The mistake: the notification calls run_pending itself. Who makes it thinks
// that it is a callback of the host's. But it is a waker: any thread may wake it,
// here trale's reactor when a sleep is over. The task would run on that thread,
// beside the host.
//
// Rust: a !Send future cannot get there. Lwt: a notification sent by another
// thread runs its callback on the main thread.
//
// What to do: let the notification only tell the host: notification_new.
#include "../hosts/local_executor.h"

#include <unistd.h>

static struct local_executor *executor;

static void nothing(void *unused)
{
    (void)unused;
}

static void call_back(void *unused)
{
    (void)unused;
    if (executor != NULL) local_executor_run_pending(executor); // here it is
}

int main(void)
{
    static const struct waker_vtable vtable = { nothing, call_back, nothing };

    executor = local_executor_new(&(struct waker){ &vtable, NULL });
    local_executor_spawn(executor, timer_sleep(duration_from_millis(10)));
    pause(); // the host waits for something
    return 0;
}

// Expected output:
//
//     trale: local_executor_run_pending was called on another thread than
//         local_executor_new: let the notification only tell the host's thread
