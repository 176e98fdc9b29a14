// Checks of exercise 05: the latest waker wins.
#include "checks.h"
#include "harness.h"

const char exercise_read[] =
    "trale.h, 'std::task::Waker'; trale.c, 'the latest waker wins'; trale.c, "
    "'task.rs: Executor::executor_loop'";

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
    event("other", "drop", "| a waker of another executor");
}

static const struct waker_vtable other_vtable = { other_clone, other_wake,
                                                  other_drop };

static void expect_pending(struct poll poll, const char *name)
{
    expect(!poll.ready,
           "The doorbell was ready when %s polled it, but nobody had rung it.",
           name);
}

// Polls with this very waker object, which the caller keeps.
static void poll_with(struct future *future, const struct waker *waker,
                      const char *name)
{
    struct context cx = { waker };

    event(name, "poll", "| with a waker from the check");
    awaiting("a poll by %s to return", name);
    expect_pending(future_poll(future, &cx), name);
}

static void ring(struct future *future)
{
    event("doorbell", "ring", "| doorbell_ring is called");
    awaiting("doorbell_ring to return");
    doorbell_ring(future);
}

// A polls with its own waker, then a task of the other executor with this data,
// and the bell rings.
static void expect_other_woken(struct probe *a, void *data, const char *why)
{
    struct future *bell = doorbell();

    other_clones = other_wakes = other_drops = 0;
    expect_pending(probe_poll(a, bell), "A");
    expect(probe_held(a) == 1,
           "A has polled the doorbell and waits for it, and %d clones of its "
           "waker are kept. One is needed, to be woken when it rings.",
           probe_held(a));
    poll_with(bell, &(struct waker){ &other_vtable, data }, "other");
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

CHECK(wakes_who_polled_last, 3, "wakes the task that polled last")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    struct probe *c = probe_new("A");
    struct future *bell = doorbell();
    int elsewhere;

    expect_other_woken(c, &elsewhere,
                       "A polled the doorbell first, and a task of another "
                       "executor polled it last, but that one was not woken "
                       "when it rang: the first waker stays for ever, and the "
                       "latest must take its place.");
    expect_pending(probe_poll(a, bell), "A");
    expect_pending(probe_poll(b, bell), "B");
    ring(bell);
    expect(b->wakes == 1 && a->wakes == 0,
           "A polled the doorbell first and B last, and when it rang A was "
           "woken %d times and B %d times. The wakers of A and B have the same "
           "vtable, as all of one executor have; only their data tells the "
           "tasks apart.",
           a->wakes, b->wakes);
    expect(probe_poll(b, bell).ready,
           "The doorbell was rung, and yet it is pending.");
    expect(b->clones == 1,
           "A clone was made in the poll that was ready. Nobody waits for the "
           "doorbell any more: look first whether it was rung.");
    future_drop(bell);
    expect_other_woken(c, c,
                       "A polled the doorbell first, and a task of another "
                       "executor polled it last, but that one was not woken "
                       "when it rang. Their wakers happen to have the same "
                       "data; only the vtables tell them apart.");
}

CHECK(gives_back_the_replaced, 2, "drops the waker that is replaced")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    struct future *bell = doorbell();

    expect_pending(probe_poll(a, bell), "A");
    expect_pending(probe_poll(b, bell), "B");
    expect(probe_held(a) == 0 && probe_held(b) == 1,
           "A polled and then B: %d wakers of A and %d of B are kept, instead "
           "of none and one.",
           probe_held(a), probe_held(b));
    expect_pending(probe_poll(a, bell), "A");
    expect(probe_held(a) == 1 && probe_held(b) == 0,
           "A polled, then B, then A again: %d wakers of A and %d of B are "
           "kept, instead of one and none.",
           probe_held(a), probe_held(b));
    probe_drop(a, bell);
}

CHECK(compares_tasks, 2, "compares what wakers lead to, not where they lie")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    struct waker of_a = probe_waker(a), of_b = probe_waker(b), lent = of_a;
    struct future *bell = doorbell();

    poll_with(bell, &lent, "A");
    lent = of_b;
    poll_with(bell, &lent, "B");
    ring(bell);
    expect(a->wakes == 0 && b->wakes == 1,
           "A polled, then B, each with a waker that lay at the same address, "
           "as those that executor_loop lends do. B was not woken: compare "
           "what is in the two wakers, and not the pointers to them.");
    waker_drop(&of_a);
    waker_drop(&of_b);
    future_drop(bell);
}

CHECK(clones_once, 2, "makes no new clone for the same task")
{
    struct probe *a = probe_new("A");
    struct waker lent = probe_waker(a);
    struct future *bell = doorbell();
    int before = a->clones;

    for (int i = 0; i < 3; i++) poll_with(bell, &lent, "A");
    expect(a->clones - before == 1,
           "A polled 3 times, with one and the same waker, and %d clones were "
           "made: the first was still good. Either nothing is compared, or "
           "what is compared is never equal.",
           a->clones - before);
    for (int i = 0; i < 3; i++) expect_pending(probe_poll(a, bell), "A");
    expect(a->clones - before == 1,
           "A polled 3 times more, each time with a waker at another address, "
           "and %d more clones were made. All of them lead to A.",
           a->clones - before - 1);
    waker_drop(&lent);
    probe_drop(a, bell);
}

// Polls the future that it is given once, and leaves it to others.
struct visitor {
    struct future future;
    struct future *bell;
};

static struct poll visitor_poll(struct future *future, struct context *cx)
{
    expect_pending(future_poll(((struct visitor *)future)->bell, cx),
                   "visitor");
    return POLL_READY(0);
}

static struct poll ringer_poll(struct future *future, struct context *cx)
{
    (void)cx;
    doorbell_ring(((struct visitor *)future)->bell);
    return POLL_READY(0);
}

static void run_visitor(const struct future_vtable *vtable, struct future *bell)
{
    struct visitor *visitor = future_new(sizeof(*visitor), vtable);

    visitor->bell = bell;
    awaiting("the task %s to end", vtable->name);
    executor_block_on(&visitor->future);
}

CHECK(moves_between_tasks, 1, "may move from one task of trale.c to another")
{
    static const struct future_vtable visitor = { "visitor", visitor_poll,
                                                  NULL },
                                      ringer = { "ringer", ringer_poll, NULL };
    use_trale();
    struct future *bell = doorbell();

    run_visitor(&visitor, bell);
    // The ringer is queued behind it, so the bell has been polled before.
    struct task_joiner joiner = executor_spawn(bell);
    run_visitor(&ringer, bell);
    awaiting("the doorbell to be ready in the task that polled it last");
    expect(task_joiner_join(&joiner) == 0,
           "The doorbell was ready, but its value is not 0.");
}
