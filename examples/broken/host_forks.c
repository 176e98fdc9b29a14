// The mistake: the host forks, and the child uses the executor. Who makes it
// starts the executor first and becomes a daemon then. The eventfd is shared
// with the parent, so each would take the other's notifications; and trale's
// reactor is a thread, which the child has not got.
//
// Rust says nothing. With Unix.fork Lwt has the same trap, and Lwt_unix.fork for
// it.
//
// What to do: fork first. A child that starts another program is fine.
#include "../futures/yield.h"
#include "../hosts/local_executor.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct waker notification;
    int status = 0;

    notification_new(&notification);
    struct local_executor *executor = local_executor_new(&notification);
    local_executor_spawn(executor, yield_now());
    if (fork() == 0) {
        local_executor_run_pending(executor); // here it is
        _exit(0);
    }
    wait(&status);
    if (WIFSIGNALED(status)) raise(WTERMSIG(status)); // what became of it
    return 0;
}

// Expected output:
//
//     trale: a local executor was used after fork in the child, where nothing
//         wakes its tasks: make a new one there
