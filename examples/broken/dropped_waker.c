// The mistake: a task waits, and its last waker is dropped instead of woken.
// Here the one who should call back hangs up. It is also made by who stores a
// waker, stores another over it and wakes only that one.
//
// Rust says nothing: the task sleeps for ever. A channel of its library would
// have woken the task, and told it that there is nobody left.
//
// What to do: wake the waiting task before you give up, and let its future
// find out why; waker_drop is for who has lost interest, not for who promised.
#include "trale.h"

static struct waker phone; // of the task that waits for the call

static struct poll wait_poll(struct future *future, struct context *cx)
{
    (void)future;
    waker_drop(&phone);
    phone = waker_clone(cx->waker);
    return POLL_PENDING;
}

static struct poll hang_up_poll(struct future *future, struct context *cx)
{
    (void)future, (void)cx;
    waker_drop(&phone); // here it is
    return POLL_READY(0);
}

int main(void)
{
    static const struct future_vtable wait = { "wait", wait_poll, NULL };
    static const struct future_vtable hang_up = { "hang_up", hang_up_poll,
                                                  NULL };
    struct task_joiner joiner =
        executor_spawn(future_new(sizeof(struct future), &wait));

    executor_block_on(future_new(sizeof(struct future), &hang_up));
    task_joiner_join(&joiner);
    return 0;
}

// Expected output:
//
//     trale: in task wait#1: nobody holds a waker of it any more, so it can
//         never run again: keep a clone of cx->waker and wake it
