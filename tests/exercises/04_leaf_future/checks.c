// Checks of exercise 04: a leaf future keeps the waker.
#include "checks.h"
#include "harness.h"

const char exercise_read[] =
    "trale.h, 'Future, Poll, Context, Waker'; trale.c, 'futures/timer.rs: a "
    "leaf future'; trale.c, 'joiner_poll'";

static void ring(struct future *bell)
{
    event("bell", "ring", "| bell_ring");
    awaiting("bell_ring to return");
    bell_ring(bell);
    awaiting("%s", "");
}

// Polls a bell that was not rung.
static void poll_pending(struct probe *task, struct future *bell)
{
    int wakes = task->wakes;

    expect(!probe_poll(task, bell).ready,
           "bell_wait() was ready at poll number %d, but the bell had not been "
           "rung.",
           task->polls);
    expect(task->wakes == wakes,
           "bell_poll has woken its own task, but the bell had not been rung: "
           "the executor would poll it again at once, and again, for ever. It "
           "is bell_ring that wakes.");
}

CHECK(waits, 2, "is pending until the bell is rung, and wakes nobody")
{
    struct probe *task = probe_new("visitor");
    struct future *bell = bell_wait();

    poll_pending(task, bell);
    ring(bell);
    expect(probe_poll(task, bell).ready,
           "The bell was rung, but bell_wait() is still pending: bell_ring "
           "must note it, and bell_poll look.");
    future_drop(bell);
}

CHECK(keeps_a_clone, 3, "keeps a clone of the waker, which bell_ring wakes")
{
    struct probe *task = probe_new("visitor");
    struct future *bell = bell_wait();

    poll_pending(task, bell);
    ring(bell);
    expect(task->wakes > 0,
           "The bell was rung, but the task that waits for it was not woken: "
           "%s. It would sleep for ever.",
           task->clones == 0 ? "bell_poll has kept no clone of its waker"
                             : "a clone of its waker was made, but bell_ring "
                               "has not woken it");
    expect(task->wakes == 1, "One ring has woken the task %d times.",
           task->wakes);
    expect(task->clones == 1,
           "One poll has cloned the waker %d times: one clone is enough.",
           task->clones);
    struct poll poll = probe_poll(task, bell);
    expect(poll.ready && poll.value == 0,
           "After the ring bell_wait() was %s, with the value %ld, and not "
           "ready with 0.",
           poll.ready ? "ready" : "pending", (long)poll.value);
    future_drop(bell);
}

CHECK(polled_again, 2, "is polled again while it waits, and keeps one waker")
{
    struct probe *task = probe_new("visitor");
    struct future *bell = bell_wait();

    for (int poll = 1; poll <= 3; poll++) {
        poll_pending(task, bell);
        expect(
            probe_held(task) == 1,
            "After poll number %d bell_wait() holds %d wakers instead of one: "
            "%s.",
            poll, probe_held(task),
            probe_held(task) == 0
                ? "what it keeps must be a clone, as waker_clone returns it"
                : "the one that it kept before must be dropped when another "
                  "takes its place");
    }
    ring(bell);
    expect(task->wakes == 1, "One ring has woken the task %d times.",
           task->wakes);
    expect(probe_poll(task, bell).ready, "The bell was rung, but bell_wait() "
                                         "is still pending.");
    future_drop(bell);
}

CHECK(rung_at_any_time, 1, "may be rung before the first poll, and twice")
{
    struct probe *task = probe_new("visitor");
    struct future *bell = bell_wait();

    ring(bell);
    ring(bell);
    expect(probe_poll(task, bell).ready,
           "The bell was rung before the first poll, but that poll was "
           "pending: nobody will wake it any more.");
    future_drop(bell);
}

CHECK(dropped_while_it_waits, 1, "gives the waker back when it is dropped")
{
    struct probe *task = probe_new("visitor");
    struct future *bell = bell_wait();

    poll_pending(task, bell);
    probe_drop(task, bell);
    expect(probe_held(task) == 0,
           "The future was dropped while it waited, but the waker that it kept "
           "was never dropped: it is a reference to the task, whose memory can "
           "now never be freed. bell_drop gives it back.");
}

// Two tasks on the executor of trale.c: one waits, the other rings.
static struct future *bell_to_ring;

static struct poll ringer_poll(struct future *future, struct context *cx)
{
    (void)future;
    (void)cx;
    ring(bell_to_ring);
    return POLL_READY(1);
}

CHECK(runs_on_the_executor, 1, "runs on the executor of trale.c")
{
    static const struct future_vtable vtable = { "ringer", ringer_poll, NULL };

    use_trale();
    bell_to_ring = bell_wait();
    struct task_joiner visitor = executor_spawn(bell_to_ring);
    struct task_joiner ringer =
        executor_spawn(future_new(sizeof(struct future), &vtable));
    task_joiner_join(&ringer);
    awaiting("task_joiner_join of the task that waits for the bell");
    task_joiner_join(&visitor);
}
