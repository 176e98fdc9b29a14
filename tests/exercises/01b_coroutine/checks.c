// Checks of exercise 01b: a coroutine is a state machine, too.
#include "checks.h"
#include "harness.h"

const char exercise_read[] =
    "examples/states.c; trale.h, 'struct poll await' and 'async and .await'";

// A child: pending until it is opened, and then ready with its value.
struct child {
    const char *name;
    bool open, ready;
    intptr_t value;
    int polls, drops;
    struct waker waker;
};

struct child_future {
    struct future future;
    struct child *child;
};

// Of each coroutine the first child and the second. What `second` was given:
static struct child first, second, *next_second;
static int seconds_made;
static intptr_t given;

static struct poll child_poll(struct future *future, struct context *cx)
{
    struct child *self = ((struct child_future *)future)->child;

    self->polls++;
    event(self->name, "poll", "| poll number %d", self->polls);
    if (self == next_second)
        expect(first.drops == 1,
               "The second was polled, and the first is ready, but not dropped "
               "yet: await drops a child as soon as it is ready.");
    if (self->open) {
        self->ready = true;
        event(self->name, "ready", "= %ld", (long)self->value);
        return POLL_READY(self->value);
    }
    waker_drop(&self->waker);
    self->waker = waker_clone(cx->waker);
    return (struct poll){ false, 77 }; // while it is pending, that says nothing
}

static void child_drop(struct future *future)
{
    struct child *self = ((struct child_future *)future)->child;

    event(self->name, "drop", "| the future is dropped");
    self->drops++;
    waker_drop(&self->waker);
}

static struct future *child_future(struct child *child)
{
    static const struct future_vtable vtable = { "child", child_poll,
                                                 child_drop };
    struct child_future *future = future_new(sizeof(*future), &vtable);

    future->child = child;
    return &future->future;
}

static struct future *make_second(intptr_t a)
{
    seconds_made++;
    given = a;
    event("second", "made", "| with %ld", (long)a);
    expect(seconds_made == 1, "The second future was made twice: make it once, "
                              "when the first is ready.");
    return child_future(next_second);
}

static struct future *begin(intptr_t a, intptr_t b)
{
    first = (struct child){ .name = "first", .value = a };
    second = (struct child){ .name = "second", .value = b };
    next_second = &second;
    seconds_made = 0;
    return sum(child_future(&first), make_second);
}

static void open_child(struct child *child)
{
    event(child->name, "open", "| it will be ready, and wakes its task");
    child->open = true;
    waker_wake(&child->waker);
}

static void poll_pending(struct probe *task, struct future *future)
{
    struct poll poll = probe_poll(task, future);

    expect(!poll.ready, "The sum was %s, although %s is pending.",
           outcome(poll),
           first.ready ? "the second future" : "the first future");
}

static void expect_sum(struct poll poll)
{
    intptr_t wanted = first.value + second.value;

    expect(poll.ready, "Both futures have been ready, and the sum is pending: "
                       "nobody will wake it.");
    expect(poll.value == wanted,
           "The two futures were ready with %s and %s, and the sum was %s.%s",
           value_name(first.value), value_name(second.value), outcome(poll),
           wanted == (int)wanted ? ""
                                 : " A value is an intptr_t, which may be "
                                   "more than an int can hold.");
    expect(given == first.value,
           "The first future was ready with %s, and the second was made with "
           "%s.",
           value_name(first.value), value_name(given));
}

CHECK(waits_for_each, 1, "It waits for the first, and then for the second")
{
    struct probe *task = probe_new("sum");
    struct future *future = begin(3, 4);

    poll_pending(task, future);
    expect(first.polls == 1,
           "The first poll of the sum has polled the first "
           "future %d times.",
           first.polls);
    expect(seconds_made == 0, "The second future was made before the first was "
                              "ready: what was it made with?");
    open_child(&first);
    poll_pending(task, future);
    expect(seconds_made == 1, "The first future was ready, and the second was "
                              "not made.");
    expect(first.drops == 1, "The first future was ready, and is not dropped: "
                             "await does that.");
    expect(second.polls == 1,
           "The second future was made, and in that poll it was polled %d "
           "times: who does not poll it leaves nobody to wake the task. Go on "
           "as far as you can.",
           second.polls);
    expect(probe_held(task) == 1,
           "The second future is pending, and %d wakers of the task are kept: "
           "the child keeps one, and the sum none.",
           probe_held(task));
    open_child(&second);
    expect_sum(probe_poll(task, future));
    expect(task->wakes == 2,
           "The task was woken %d times: the sum itself wakes "
           "nobody.",
           task->wakes);
    future_drop(future);
    expect(first.drops == 1 && second.drops == 1,
           "The first future was dropped %d times and the second %d times.",
           first.drops, second.drops);
}

CHECK(goes_on_at_once, 1, "What is ready at once does not make it wait")
{
    for (int open = 1; open <= 3; open++) {
        struct probe *task = probe_new("sum");
        struct future *future = begin(30, 4);
        struct poll poll;

        first.open = open & 1;
        second.open = open & 2;
        if (open != 3) poll_pending(task, future);
        expect(task->wakes == 0, "The sum has woken its own task.");
        first.open = true;
        second.open = true;
        poll = probe_poll(task, future);
        expect_sum(poll);
        future_drop(future);
    }
}

CHECK(spurious_polls, 1, "Polled in vain, it stays where it is")
{
    struct probe *task = probe_new("sum"), *other = probe_new("other");
    struct future *future = begin(5, 6);

    for (int i = 0; i < 3; i++) poll_pending(i == 2 ? other : task, future);
    expect(probe_held(task) == 0 && probe_held(other) == 1,
           "Another task has polled the sum, and its child was polled with the "
           "context of the first: lend it the context of this poll.");
    open_child(&first);
    for (int i = 0; i < 3; i++) poll_pending(i == 2 ? task : other, future);
    expect(probe_held(other) == 0, "The second child was polled with an older "
                                   "context.");
    open_child(&second);
    expect_sum(probe_poll(task, future));
    future_drop(future);
}

// Another sum, whose polls come in between.
static struct child lone, partner;

static struct future *make_partner(intptr_t a)
{
    expect(a == lone.value,
           "The second future of another sum was made with "
           "%s, and its first was ready with %s.",
           value_name(a), value_name(lone.value));
    return child_future(&partner);
}

static void poll_rival(struct probe *rival, struct future *apart)
{
    struct poll poll = probe_poll(rival, apart);

    expect(!poll.ready, "Another sum was %s, whose child is pending.",
           outcome(poll));
}

CHECK(any_values, 1, "The local lives across the await, whatever it is")
{
    static const intptr_t values[][2] = {
        { 0, 0 },           { 0, 9 },           { -70, 2 },
        { -5, 0 },          { 1L << 40, -120 }, { INTPTR_MAX - 9, 9 },
        { -120, 1L << 40 },
    };

    for (int i = 0; i < 14; i++) {
        struct probe *task = probe_new("sum"), *rival = probe_new("rival");
        struct future *future = begin(values[i / 2][0], values[i / 2][1]);
        lone = (struct child){ .name = "lone", .value = 1000 };
        partner = (struct child){ .name = "partner", .value = 24 };
        struct future *apart = sum(child_future(&lone), make_partner);

        poll_pending(task, future);
        if (i % 2 == 1) lone.open = true;
        open_child(&first);
        poll_pending(task, future);
        poll_rival(rival, apart);
        open_child(&second);
        struct poll poll = probe_poll(task, future);
        expect(!poll.ready || poll.value != lone.value + second.value,
               "Two sums were polled in turn, and one has added the first "
               "value of the other: is `a` kept outside of the struct? A "
               "static variable is the same one for all sums.");
        expect_sum(poll);
        future_drop(future);
        if (i % 2 == 1) open_child(&partner);
        if (i % 2 == 1) poll = probe_poll(rival, apart);
        expect(i % 2 == 0 || (poll.ready && poll.value == 1024),
               "Another sum was %s, of 1000 and 24.", outcome(poll));
        probe_drop(rival, apart);
        expect(lone.drops == 1,
               "Another sum was dropped, and its child was "
               "dropped %d times.",
               lone.drops);
    }
}

CHECK(cancelled, 1, "Dropped at any time, it drops the child that it has")
{
    for (int polls = 0; polls <= 2; polls++) {
        struct probe *task = probe_new("sum");
        struct future *future = begin(1, 2);

        if (polls > 0) poll_pending(task, future);
        if (polls > 1) open_child(&first);
        if (polls > 1) poll_pending(task, future);
        probe_drop(task, future);
        expect(first.drops == 1,
               "The sum was dropped after %d poll%s, and the first future was "
               "dropped %d times instead of once.",
               polls, polls == 1 ? "" : "s", first.drops);
        expect(second.drops == (polls > 1),
               "The sum was dropped while it awaited the second future, and "
               "that was dropped %d times instead of once.",
               second.drops);
    }
}

static struct future *sleep_then(intptr_t a)
{
    return timer_sleep(duration_from_millis(a));
}

CHECK(runs_on_the_executor, 1, "It runs on the executor of trale.c")
{
    struct script *script = script_new("first", "ytr", 2);

    use_trale();
    awaiting("executor_block_on of a sum to return");
    perhaps("A sum keeps no waker itself. It was pending, and had not polled "
            "in that poll what it waits for.");
    intptr_t value = executor_block_on(sum(script->future, sleep_then));
    expect(value == 2, "executor_block_on of a sum returned %ld.", (long)value);
}
