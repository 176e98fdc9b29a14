// Checks of exercise 10: join, and spurious wakes.
#include "checks.h"
#include "harness.h"

const char exercise_read[] =
    "trale.c, 'std: Future, and what rustc makes of .await', await; trale.c, "
    "'A wake is only a hint'";

// ---------------------------------------------------------------------------
// A child: pending until it is opened. It may be polled for any reason.
// ---------------------------------------------------------------------------

struct child {
    const char *name;
    intptr_t value;
    int yields; // so many polls wake their own task, and are pending
    bool open, ready;
    int polls, drops;
    struct waker waker;
    struct child *before; // the one in front of it, or NULL
};

struct child_future {
    struct future future;
    struct child *child;
};

// Whether a child that is ready must be dropped before the next is polled.
static bool at_once;

static struct poll child_poll(struct future *future, struct context *cx)
{
    struct child *self = ((struct child_future *)future)->child;

    self->polls++;
    event(self->name, "poll", "| poll number %d", self->polls);
    if (at_once && self->before != NULL && self->before->ready)
        expect(self->before->drops > 0,
               "%s was polled when %s was ready, and not dropped yet: drop it "
               "at once, before you poll the next. It may own what that one "
               "needs.",
               self->name, self->before->name);
    if (self->ready)
        fail("%s was polled after it was ready, and not even with "
             "future_poll.",
             self->name);
    if (self->open) {
        self->ready = true;
        event(self->name, "ready", "= %ld", (long)self->value);
        return POLL_READY(self->value);
    }
    waker_drop(&self->waker);
    self->waker = waker_clone(cx->waker);
    if (self->yields > 0) {
        self->open = --self->yields == 0;
        waker_wake(&self->waker);
    }
    return (struct poll){ false, 77 }; // while it is pending, that says nothing
}

static void child_drop(struct future *future)
{
    struct child *self = ((struct child_future *)future)->child;

    self->drops++;
    event(self->name, "drop", "| the future is dropped");
    waker_drop(&self->waker);
}

// A, B and C, with values of 1, 10 and 100, unless others are asked for.
enum { CHILDREN = 3 };
static const intptr_t *other_values;

struct family {
    struct child child[CHILDREN];
    struct future *join;
};

// Their names are those of their vtables too, which future_poll prints.
static struct family *family_new(void)
{
    static const struct future_vtable vtables[CHILDREN] = {
        { "A", child_poll, child_drop },
        { "B", child_poll, child_drop },
        { "C", child_poll, child_drop },
    };
    struct family *family = calloc(1, sizeof(*family));
    struct future *futures[CHILDREN];

    if (family == NULL) abort();
    for (int i = 0, value = 1; i < CHILDREN; i++, value *= 10) {
        struct child_future *future = future_new(sizeof(*future), &vtables[i]);
        family->child[i].name = vtables[i].name;
        family->child[i].value = other_values ? other_values[i] : value;
        future->child = &family->child[i];
        if (i > 0) family->child[i].before = &family->child[i - 1];
        futures[i] = &future->future;
    }
    family->join = join(futures, CHILDREN);
    for (int i = 0; i < CHILDREN; i++) futures[i] = NULL;
    return family;
}

static void open_child(struct child *child)
{
    event(child->name, "open", "| it will be ready, and wakes its task");
    child->open = true;
    waker_wake(&child->waker);
}

// The first child that is not ready, or NULL.
static struct child *not_ready(struct family *family)
{
    for (int i = 0; i < CHILDREN; i++)
        if (!family->child[i].ready) return &family->child[i];
    return NULL;
}

static void poll_pending(struct family *family, struct probe *task)
{
    struct poll poll = probe_poll(task, family->join);
    int left = 0;

    for (int i = 0; i < CHILDREN; i++) left += !family->child[i].ready;
    if (poll.ready)
        fail("join was ready with %ld, although %d of its 3 children %s not "
             "ready, for example %s: it is ready when all are.",
             (long)poll.value, left, left == 1 ? "is" : "are",
             not_ready(family)->name);
}

// Ends the check's part: everything must have been dropped.
static void family_end(struct family *family)
{
    for (int i = 0; i < CHILDREN; i++)
        expect(family->child[i].drops == 1,
               "%s was dropped %d times, and join has been dropped: each child "
               "is dropped once, by join_poll if it is ready or by join_drop "
               "if it never was.",
               family->child[i].name, family->child[i].drops);
    free(family);
}

// ---------------------------------------------------------------------------

CHECK(polls_them_all, 1, "All children run at the same time")
{
    struct probe *task = probe_new("join");
    struct family *family = family_new();
    struct child *child = family->child;

    poll_pending(family, task);
    for (int i = 0; i < CHILDREN; i++)
        expect(child[i].polls > 0,
               "The first poll of join has not polled %s: it stopped at a "
               "child that was pending. So %s does not even begin before that "
               "one is ready, and they run one after another.",
               child[i].name, child[i].name);
    for (int i = 0; i < CHILDREN; i++)
        expect(child[i].polls == 1,
               "One poll of join has polled %s %d times: once is enough, then "
               "it is for the child to say when to come again.",
               child[i].name, child[i].polls);
    expect(task->wakes == 0,
           "join has woken its own task, and will be polled at once again, for "
           "ever, although its children can only wait. They have kept wakers, "
           "and will wake the task when there is something to do.");
    expect(probe_held(task) == CHILDREN,
           "Three children are pending, and %d wakers of the task are kept, "
           "instead of one by each child.",
           probe_held(task));
    for (int i = 0; i < CHILDREN; i++) open_child(&child[i]);
    probe_poll(task, family->join);
    future_drop(family->join);
    free(family);
}

CHECK(spurious_wakes, 1, "A wake without a reason does not mislead it")
{
    struct probe *task = probe_new("join"), *other = probe_new("other");
    struct family *family = family_new();
    struct child *child = family->child;
    struct probe *tasks[] = { task, task, task, other, other, other };

    read_in("trale.c, 'A wake is only a hint'; NOTES.md, 'Invariants and "
            "states', rule 3");
    poll_pending(family, task);
    for (int poll = 2; poll <= 6; poll++) {
        struct poll result = probe_poll(tasks[poll - 1], family->join);
        expect(!result.ready,
               "join was polled again although none of its children had woken "
               "it. That is a spurious wake, and they are all still pending, "
               "but join took the wake for readiness: at poll number %d it was "
               "ready, with %ld. Only a child's own poll says that it is "
               "ready.",
               poll, (long)result.value);
        for (int i = 0; i < CHILDREN; i++)
            expect(child[i].polls == poll,
                   "join was polled %d times, and %s only %d times: join "
                   "cannot know who woke its task, so it asks each child that "
                   "is not ready.",
                   poll, child[i].name, child[i].polls);
    }
    expect(probe_held(task) == 0,
           "join was polled by another task, but %d wakers of the first one "
           "are still kept: its children are polled with the context of the "
           "current poll.",
           probe_held(task));
    for (int i = 0; i < CHILDREN; i++) open_child(&child[i]);
    struct poll result = probe_poll(other, family->join);
    expect(result.ready,
           "All three children are ready, and join is still pending.");
    expect(result.value == 111,
           "A, B and C were ready with 1, 10 and 100, and join with %ld.",
           (long)result.value);
    future_drop(family->join);
    free(family);
}

CHECK(leaves_the_ready_alone, 1, "A ready child is dropped and polled no more")
{
    struct probe *task = probe_new("join");
    struct family *family = family_new();
    struct child *child = family->child;

    child[0].open = true;
    poll_pending(family, task);
    open_child(&child[1]);
    poll_pending(family, task);
    for (int i = 0; i < 2; i++)
        expect(child[i].drops == 1,
               "%s is ready, and join still keeps it: drop it at once, and not "
               "when join ends. It may own a descriptor, or memory.",
               child[i].name);
    poll_pending(family, task);
    open_child(&child[2]);
    expect(probe_poll(task, family->join).ready,
           "All three children are ready, and join is still pending.");
    future_drop(family->join);
    family_end(family);

    family = family_new();
    at_once = true;
    for (int i = 0; i < 3; i++) family->child[i].open = true;
    probe_poll(task, family->join);
    at_once = false;
    future_drop(family->join);
    family_end(family);
}

CHECK(adds_in_any_order, 1, "It is ready with the last, in any order of ends")
{
    static const int orders[][CHILDREN] = { { 0, 1, 2 }, { 0, 2, 1 },
                                            { 1, 0, 2 }, { 1, 2, 0 },
                                            { 2, 0, 1 }, { 2, 1, 0 } };

    for (int order = 0; order < 6; order++) {
        struct probe *task = probe_new("join");
        struct family *family = family_new();

        for (int i = 0; i < CHILDREN; i++) {
            poll_pending(family, task);
            open_child(&family->child[orders[order][i]]);
        }
        struct poll poll = probe_poll(task, family->join);
        expect(poll.ready,
               "%s, the last of three children, is ready, and join is still "
               "pending.",
               family->child[orders[order][2]].name);
        expect(poll.value == 111,
               "A, B and C were ready with 1, 10 and 100, and join with %ld, "
               "where it should be the sum.",
               (long)poll.value);
        future_drop(family->join);
        family_end(family);
    }
    struct probe *task = probe_new("join");
    struct future *none = join(NULL, 0);
    struct poll poll = probe_poll(task, none);
    expect(poll.ready && poll.value == 0,
           "A join of no children is ready at once, with 0, and this one was "
           "%s: nobody will ever wake it.",
           outcome(poll));
    future_drop(none);
}

CHECK(drops_the_rest, 1, "When it is cancelled, it drops what it has")
{
    // Of three children so many have been ready before.
    for (int ready = -1; ready < CHILDREN; ready++) {
        struct probe *task = probe_new("join");
        struct family *family = family_new();

        for (int i = 0; i < ready; i++) family->child[i].open = true;
        if (ready >= 0) poll_pending(family, task);
        awaiting("join to be dropped, with %d children ready of 3",
                 ready < 0 ? 0 : ready);
        probe_drop(task, family->join);
        for (int i = 0; i < CHILDREN; i++)
            expect(family->child[i].drops > 0,
                   "join was dropped, and with it %s should have been: it "
                   "still owns what it waits for, and its waker.",
                   family->child[i].name);
        family_end(family);
    }
}

// Children that cannot be told apart by their values, and values that no int
// can hold.
CHECK(any_values, 1, "The values may be zero, negative or large")
{
    static const intptr_t values[][CHILDREN] = {
        { 0, 0, 0 },
        { -1, 0, 5 },
        { -32, -11, 2 },
        { INTPTR_MAX - 5, 2, 3 },
        { (intptr_t)1 << 40, INT32_MAX, (intptr_t)1 << 33 },
    };

    for (int i = 0; i < 5; i++) {
        struct probe *task = probe_new("join"), *second = probe_new("second");
        other_values = values[i];
        struct family *family = family_new(), *other = family_new();
        intptr_t sum = values[i][0] + values[i][1] + values[i][2];
        struct child *child = family->child;

        child[1].open = other->child[2].open = true;
        poll_pending(family, task);
        poll_pending(other, second); // which adds up for itself
        open_child(&child[0]);
        poll_pending(family, task);
        open_child(&child[2]);
        struct poll poll = probe_poll(task, family->join);
        expect(poll.ready && poll.value == sum,
               "A, B and C were ready with %s, %s and %s, and join was %s, "
               "where it should be ready with the sum, %s.",
               value_name(values[i][0]), value_name(values[i][1]),
               value_name(values[i][2]), outcome(poll), value_name(sum));
        poll_pending(other, second);
        future_drop(family->join);
        family_end(family);
        probe_drop(second, other->join);
        family_end(other);
    }
    other_values = NULL;
}

CHECK(many_children, 1, "Forty children are joined as well")
{
    static const struct future_vtable vtable = { "child", child_poll,
                                                 child_drop };
    static struct child children[40];
    struct future *futures[40];
    struct probe *task = probe_new("join");

    for (int i = 0; i < 40; i++) {
        struct child_future *future = future_new(sizeof(*future), &vtable);
        children[i] = (struct child){ .name = "child", .value = 1 };
        future->child = &children[i];
        futures[i] = &future->future;
    }
    struct future *all = join(futures, 40);
    for (int i = 0; i < 40; i++) {
        struct poll poll = probe_poll(task, all);
        expect(!poll.ready, "join of 40 was %s after %d had been ready.",
               outcome(poll), i);
        for (int j = 0; j < 40; j++)
            expect(children[j].polls > i || children[j].drops > 0,
                   "join of 40 has not polled child number %d in its poll "
                   "number %d.",
                   j + 1, i + 1);
        open_child(&children[(i * 7 + 39) % 40]);
    }
    struct poll poll = probe_poll(task, all);
    expect(poll.ready && poll.value == 40,
           "40 children were ready with 1 each, and join was %s.",
           outcome(poll));
    future_drop(all);
    for (int i = 0; i < 40; i++)
        expect(children[i].drops == 1,
               "Child number %d of 40 was dropped %d "
               "times.",
               i + 1, children[i].drops);
}

CHECK(runs_on_the_executor, 1, "It joins tasks on the executor of trale.c")
{
    static const struct future_vtable vtable = { "yields", child_poll,
                                                 child_drop };
    struct child child = { .name = "yields", .value = 100, .yields = 20 };

    use_trale();
    struct child_future *yields = future_new(sizeof(*yields), &vtable);
    yields->child = &child;
    struct script *first = script_new("first", "ytyr", 1);
    struct script *second = script_new("second", "tyr", 10);
    struct task_joiner joiners[] = { executor_spawn(first->future),
                                     executor_spawn(second->future) };
    struct future *futures[] = { &joiners[0].future, &yields->future,
                                 &joiners[1].future };
    struct future *all = join(futures, 3);
    intptr_t value = executor_block_on(all);
    expect(value == 111, "The join of three tasks was ready with %ld, not 111.",
           (long)value);
}
