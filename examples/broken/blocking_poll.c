// The mistake: a poll calls something that blocks, here sleep(3). Reading from
// a blocking socket and resolving a name are the same. Who makes it forgets
// that one thread polls all tasks, and now all of them wait.
//
// Rust says nothing, and the program works, only late: so it is a warning, and
// just while tracing. This program turns that on and starts itself once more.
//
// What to do: await a future that registers with the reactor; for what has no
// such form, let a thread of its own do it and wake the task.
#define _POSIX_C_SOURCE 200809L
#include "trale.h"

#include <err.h>
#include <string.h>
#include <unistd.h>

static struct poll nap_poll(struct future *future, struct context *cx)
{
    (void)future, (void)cx;
    sleep(1); // here it is
    return POLL_READY(0);
}

int main(int argc, char *argv[])
{
    static const struct future_vtable vtable = { "nap", nap_poll, NULL };
    const char *trace = getenv("TRALE_TRACE");

    (void)argc;
    if (trace == NULL || strcmp(trace, "1") != 0) {
        setenv("TRALE_TRACE", "1", true);
        execvp(argv[0], argv);
        err(1, "%s", argv[0]);
    }
    executor_block_on(future_new(sizeof(struct future), &vtable));
    return 0;
}

// Expected output, after the lines of the trace:
//
//     trale: this poll of nap#1 seems to have blocked the executor thread,
//         and so every task, for <1000> ms: await instead
