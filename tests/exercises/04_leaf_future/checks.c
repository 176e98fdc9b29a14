// Checks of exercise 04: a leaf future keeps the waker.
#include "checks.h"
#include "harness.h"

const char exercise_read[] =
    "trale.h, 'Future, Poll, Context, Waker'; trale.c, 'futures/timer.rs: a "
    "leaf future'; trale.c, 'later trale: TaskJoiner::poll'";

static void ring(struct future *bell)
{
    struct call outer = enter("bell_ring");

    event("bell", "ring", "| bell_ring");
    awaiting("bell_ring to return");
    bell_ring(bell);
    leave(outer);
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

static void expect_rung(struct probe *task, struct future *bell)
{
    struct poll poll = probe_poll(task, bell);

    expect(poll.ready,
           "The bell was rung, but bell_wait() is still pending: bell_ring "
           "must note it, and bell_poll look.");
    expect(poll.value == 0,
           "After the ring bell_wait() was %s, and not ready "
           "with 0.",
           outcome(poll));
}

CHECK(waits, 1, "It is pending until the bell is rung, and wakes nobody")
{
    struct probe *task = probe_new("visitor"), *other = probe_new("other");
    struct future *bell = bell_wait(), *second = bell_wait();

    poll_pending(task, bell);
    poll_pending(other, second);
    ring(bell);
    expect_rung(task, bell);
    poll_pending(other, second); // that is another bell
    expect(other->wakes == 0, "One bell was rung, and another one's visitor "
                              "was woken.");
    future_drop(bell);
    probe_drop(other, second);
}

CHECK(keeps_a_clone, 1, "It keeps a clone of the waker, which bell_ring wakes")
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
    ring(bell);
    expect(task->wakes == 1, "The bell was rung again, and the task woken "
                             "again, though it did not wait any more.");
    expect_rung(task, bell);
    expect(task->clones == 1,
           "A clone was made in the poll that was ready. Nobody waits for the "
           "bell any more: look first whether it was rung.");
    future_drop(bell);
}

CHECK(polled_again, 1, "Polled again while it waits, it keeps one waker")
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
    expect_rung(task, bell);
    future_drop(bell);
}

CHECK(rung_at_any_time, 1, "It may be rung before the first poll, and twice")
{
    struct probe *task = probe_new("visitor");
    struct future *bell = bell_wait();

    ring(bell);
    ring(bell);
    expect(probe_poll(task, bell).ready,
           "The bell was rung before the first poll, but that poll was "
           "pending: nobody will wake it any more.");
    future_drop(bell);
    bell = bell_wait();
    probe_drop(task, bell); // never polled
    bell = bell_wait();
    poll_pending(task, bell);
    ring(bell);
    probe_drop(task, bell); // rung, and never polled again
}

// An executor may poll the task inside the wake, before that returns, and then
// drop it.
CHECK(woken_on_the_spot, 1, "A task may be polled inside its wake")
{
    struct probe *task = probe_new("visitor");
    struct future *bell = bell_wait();

    poll_pending(task, bell);
    task->eager = bell;
    ring(bell);
    expect(task->spots == 1, "The bell was rung, and its task woken %d times.",
           task->spots);
    expect(task->spot.ready,
           "bell_ring woke the task before it had noted that the bell was "
           "rung. The task was polled at once, inside that wake, saw nothing "
           "and was pending: nobody will ever wake it. Note it first, then "
           "wake.");
}

CHECK(dropped_while_it_waits, 1, "It gives the waker back when it is dropped")
{
    struct probe *task = probe_new("visitor");
    struct future *bell = bell_wait();

    poll_pending(task, bell);
    probe_drop(task, bell);
    expect(probe_held(task) == 0,
           "The future was dropped while it waited, but the waker that it kept "
           "was never dropped: it is a reference to the task, whose memory can "
           "now never be freed. bell_drop gives it back.");
    expect(task->wakes == 0, "The future was dropped, and has woken its task: "
                             "the bell was not rung. Drop the waker instead.");
}

// ---------------------------------------------------------------------------
// The latest waker wins
// ---------------------------------------------------------------------------

// The wakers of another executor: they only count.
static int other_clones, other_wakes, other_drops;

static void other_clone(void *data)
{
    (void)data;
    other_clones++;
    event("other", "clone", "| a waker of another executor");
}

static void other_wake(void *data)
{
    (void)data;
    other_wakes++;
    event("other", "wake", "| a waker of another executor");
}

static void other_drop(void *data)
{
    (void)data;
    other_drops++;
    event("other", "drop-waker", "| a waker of another executor");
}

static const struct waker_vtable other_vtable = { other_clone, other_wake,
                                                  other_drop };

// Polls with this very waker object, which the caller keeps.
static void poll_with(struct future *bell, const struct waker *waker)
{
    struct context cx = { waker };
    struct call outer = enter("bell_poll");

    event("other", "poll", "| with a waker from the check");
    awaiting("a poll to return");
    expect(!future_poll(bell, &cx).ready, "The bell was ready, but nobody had "
                                          "rung it.");
    leave(outer);
}

// A polls with its own waker, then a task of the other executor with this data,
// and the bell rings.
static void expect_other_woken(struct probe *a, void *data, const char *why)
{
    struct future *bell = bell_wait();

    other_clones = other_wakes = other_drops = 0;
    poll_pending(a, bell);
    poll_with(bell, &(struct waker){ &other_vtable, data });
    ring(bell);
    expect(other_wakes == 1, "%s", why);
    expect(a->wakes == 0,
           "A was woken too, though another had taken its place: a waker that "
           "is replaced is dropped, not woken.");
    expect(probe_held(a) == 0,
           "Another took the place of A, but the clone of A's waker is lost: "
           "nobody can give it back any more. Drop it before you overwrite "
           "it.");
    future_drop(bell);
    expect(other_clones == other_wakes + other_drops,
           "Of a waker of another executor %d clones were made, %d woken and "
           "%d dropped: each must be given back once.",
           other_clones, other_wakes, other_drops);
}

CHECK(latest_wins, 1, "Of several tasks that poll it, the last one is woken")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    struct probe *c = probe_new("A");
    struct waker of_a = probe_waker(a), of_b = probe_waker(b), lent = of_a;
    struct future *bell = bell_wait();
    int elsewhere;

    expect_other_woken(c, &elsewhere,
                       "A polled the bell first, and a task of another "
                       "executor polled it last, but that one was not woken "
                       "when it rang: the first waker stays for ever, and the "
                       "latest must take its place.");
    poll_pending(a, bell);
    poll_pending(b, bell);
    ring(bell);
    expect(b->wakes == 1 && a->wakes == 0,
           "A polled the bell first and B last, and when it rang A was woken "
           "%d times and B %d times. The wakers of A and B have the same "
           "vtable, as all of one executor have; only their data tells the "
           "tasks apart.",
           a->wakes, b->wakes);
    expect(probe_held(a) == 1, "B took the place of A, and that waker was not "
                               "given back.");
    future_drop(bell);
    expect_other_woken(c, c,
                       "A polled the bell first, and a task of another "
                       "executor polled it last, but that one was not woken "
                       "when it rang. Their wakers happen to have the same "
                       "data; only the vtables tell them apart.");
    bell = bell_wait();
    poll_with(bell, &lent);
    lent = of_b;
    poll_with(bell, &lent);
    ring(bell);
    expect(a->wakes == 0 && b->wakes == 2,
           "A polled, then B, each with a waker that lay at the same address, "
           "as those that executor_loop lends do. B was not woken: compare "
           "what is in the two wakers, and not the pointers to them.");
    waker_drop(&of_a);
    waker_drop(&of_b);
    future_drop(bell);
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

CHECK(runs_on_the_executor, 1, "It runs on the executor of trale.c")
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

CHECK(clones_once, 1, "It makes no new clone for a task that it would wake")
{
    struct probe *a = probe_new("A");
    struct waker lent = probe_waker(a);
    struct future *bell = bell_wait();
    int before = a->clones;

    read_in("trale.h, 'std::task::Waker'; trale.c, 'the latest waker wins'");
    for (int i = 0; i < 3; i++) poll_with(bell, &lent);
    expect(a->clones - before == 1,
           "A polled 3 times, with one and the same waker, and %d clones were "
           "made: the first was still good. Either nothing is compared, or "
           "what is compared is never equal.",
           a->clones - before);
    for (int i = 0; i < 3; i++) poll_pending(a, bell);
    expect(a->clones - before == 1,
           "A polled 3 times more, each time with a waker at another address, "
           "and %d more clones were made. All of them lead to A.",
           a->clones - before - 1);
    waker_drop(&lent);
    probe_drop(a, bell);
}
