// The mistake: a future that wakes itself in each poll, to look again whether
// it is time, instead of having the reactor wake it then. It works, so whoever
// makes it sees nothing; but the processor never rests. Rust says nothing.
// What to do: register with the reactor, or await a future that does.
#define _POSIX_C_SOURCE 200809L
#include "trale.h"

#include <err.h>
#include <time.h>

static struct future *rest; // of the proper nap; NULL: the nap is busy
static int polls;

static struct poll nap_poll(struct future *future, struct context *cx)
{
    static time_t end;
    struct timespec now;

    (void)future;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (polls++ == 0) end = now.tv_sec + 2;
    if (rest != NULL) return await(&rest, cx);
    struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker); // here it is
    return now.tv_sec < end ? POLL_PENDING : POLL_READY(0);
}

static void nap(const char *name)
{
    static const struct future_vtable vtable = { "nap", nap_poll, NULL };
    clock_t start = clock();

    polls = 0;
    executor_block_on(future_new(sizeof(struct future), &vtable));
    warnx("%s: %d polls, %ld ms of CPU time", name, polls,
          (clock() - start) * 1000 / CLOCKS_PER_SEC);
}

int main(void)
{
    rest = timer_sleep(duration_from_secs(1));
    nap("proper");
    nap("busy");
    errx(1, "have the reactor wake the task, do not wake it yourself");
}

// Expected output:
//     busy_poller: proper: <2> polls, <0> ms of CPU time
//     busy_poller: busy: <1000000> polls, <1900> ms of CPU time
//     busy_poller: have the reactor wake the task, do not wake it yourself
