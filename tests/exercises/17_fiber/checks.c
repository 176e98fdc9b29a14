// Checks of exercise 17: waiting on a stack of one's own.
#include "checks.h"
#include "harness.h"
#include "part_stack.h"

const char exercise_read[] =
    "examples/exercises/17_fiber.h; examples/fibers/stack.h; trale.h, 'struct "
    "poll await'";

// What the functions of the fibers have noted.
static int begun, ended;
static struct script *first, *second;
static struct future *nested;

static void begin(const char *a, const char *b)
{
    begun = ended = 0;
    first = script_new("first", a, 30);
    second = script_new("second", b, 4);
}

static intptr_t awaited(struct script *script)
{
    intptr_t value = fiber_await(script->future);

    expect(value == script->value || value == -ECANCELED,
           "fiber_await returned %s, and the future was ready with %s.",
           value_name(value), value_name(script->value));
    return value;
}

// Waits in a call, with a local that is needed afterwards.
static intptr_t deeper(int depth)
{
    volatile int local = depth;
    intptr_t value = depth == 0 ? awaited(first) : deeper(depth - 1);

    expect(local == depth, "A local of the fiber has changed while it waited.");
    return value;
}

static intptr_t adds(void *arg)
{
    begun++;
    intptr_t a = deeper(5);
    intptr_t b = a < 0 ? fiber_await(second->future) : awaited(second);

    ended++;
    expect(a >= 0 || b == -ECANCELED,
           "The fiber was dropped, and its next await returned %s instead of "
           "-ECANCELED.",
           value_name(b));
    return a < 0 || b < 0 ? -ECANCELED : a + b + (intptr_t)arg;
}

static void poll_pending(struct probe *task, struct future *future)
{
    struct poll poll = probe_poll(task, future);

    expect(!poll.ready, "The fiber was %s, although what it awaits is pending.",
           outcome(poll));
    expect(begun == 1, "The function of the fiber was begun %d times.", begun);
}

static void expect_ready(struct poll poll, intptr_t value)
{
    expect(poll.ready, "The function of the fiber could go on, and the fiber "
                       "is pending.");
    expect(ended == 1,
           "The fiber is ready, and its function has returned %d "
           "times.",
           ended);
    expect(poll.value == value,
           "The function of the fiber has returned %s, and the fiber was %s.",
           value_name(value), outcome(poll));
    expect(stacks_left() == 0, "The fiber is ready, and its stack is left.");
}

CHECK(waits, 1, "It waits in nested calls, and goes on there")
{
    struct probe *task = probe_new("fiber");

    begin("kr", "kr");
    struct future *future = fiber(adds, (void *)1000);
    poll_pending(task, future);
    expect(first->polls == 1,
           "The fiber was polled, and has polled what it "
           "awaits %d times.",
           (int)first->polls);
    script_wake(first);
    poll_pending(task, future);
    expect(second->polls == 1,
           "What the fiber awaited is ready, and it has polled the next one %d "
           "times in that poll: go on as far as you can.",
           (int)second->polls);
    script_wake(second);
    expect_ready(probe_poll(task, future), 1034);
    future_drop(future);
    expect(begun == 1 && ended == 1,
           "The fiber was ready and was dropped then, and its function has "
           "begun %d times and ended %d times.",
           begun, ended);
}

CHECK(ready_at_once, 1, "What is ready at once does not make it wait")
{
    struct probe *task = probe_new("fiber");

    begin("r", "r");
    first->value = 0;
    struct future *future = fiber(adds, (void *)-4);
    expect_ready(probe_poll(task, future), 0);
    future_drop(future);
}

CHECK(this_context, 1, "It awaits with the context of this poll")
{
    struct probe *task = probe_new("fiber"), *other = probe_new("other");

    begin("kkr", "r");
    struct future *future = fiber(adds, NULL);
    poll_pending(task, future);
    script_wake(first);
    poll_pending(other, future);
    expect(probe_held(task) == 0 && probe_held(other) == 1,
           "Another task has polled the fiber, and the fiber has polled what "
           "it awaits with an older context.");
    script_wake(first);
    expect_ready(probe_poll(task, future), 34);
    future_drop(future);
}

// Awaits a fiber, and then something of its own.
static intptr_t awaits_fiber(void *arg)
{
    (void)arg;
    intptr_t value = fiber_await(nested);
    perhaps("Another fiber has run inside this one, and this one goes on: is "
            "`running` this one again?");
    intptr_t own = awaited(second);
    perhaps("");

    return value < 0 || own < 0 ? -ECANCELED : value + own;
}

static intptr_t awaits_first(void *arg)
{
    (void)arg;
    begun++;
    intptr_t value = awaited(first);
    ended++;
    return value;
}

CHECK(fiber_in_fiber, 1, "A fiber awaits a fiber")
{
    struct probe *task = probe_new("fiber");

    begin("kr", "kr");
    nested = fiber(awaits_first, NULL);
    struct future *future = fiber(awaits_fiber, NULL);
    poll_pending(task, future);
    expect(stacks_left() == 2,
           "A fiber awaits a fiber, and there are %d "
           "stacks.",
           stacks_left());
    script_wake(first);
    poll_pending(task, future);
    script_wake(second);
    expect_ready(probe_poll(task, future), 34);
    future_drop(future);
}

static intptr_t awaits_script(void *script)
{
    return awaited(script);
}

CHECK(side_by_side, 1, "Two fibers wait at the same time")
{
    struct probe *tasks[] = { probe_new("one"), probe_new("two") };
    struct script *scripts[] = { script_new("first", "kr", 30),
                                 script_new("second", "kr", 4) };
    struct future *futures[2];

    for (int i = 0; i < 2; i++) {
        futures[i] = fiber(awaits_script, scripts[i]);
        struct poll poll = probe_poll(tasks[i], futures[i]);
        expect(!poll.ready,
               "The fiber was %s, although what it awaits is "
               "pending.",
               outcome(poll));
    }
    for (int i = 0; i < 2; i++) {
        script_wake(scripts[i]);
        struct poll poll = probe_poll(tasks[i], futures[i]);
        expect(poll.ready && poll.value == scripts[i]->value,
               "Of two fibers number %d could go on, and was %s instead of "
               "ready with %ld.",
               i + 1, outcome(poll), (long)scripts[i]->value);
        future_drop(futures[i]);
    }
}

CHECK(dropped, 1, "Dropped while it waits, it runs to its end")
{
    struct probe *task = probe_new("fiber");

    begin("k", "r");
    struct future *future = fiber(adds, NULL);
    poll_pending(task, future);
    probe_drop(task, future);
    expect(ended == 1,
           "The fiber was dropped while it waited, and its "
           "function has come to its end %d times: what it owns "
           "is lost.",
           ended);
    expect(first->drops == 1 && second->drops == 1,
           "The fiber was dropped. What it awaited was dropped %d times, and "
           "what it awaited then %d times.",
           (int)first->drops, (int)second->drops);
    expect(second->polls == 0,
           "The fiber was dropped, and has polled the next future all the "
           "same: await nothing any more.");
    expect(stacks_left() == 0, "The fiber was dropped, and its stack is left.");
}

CHECK(never_begun, 1, "Dropped before its first poll, it never begins")
{
    struct probe *task = probe_new("fiber");

    begin("r", "r");
    probe_drop(task, fiber(adds, NULL));
    expect(begun == 0, "A fiber was dropped before its first poll, and its "
                       "function has run.");
    future_drop(first->future);
    future_drop(second->future);
}

static intptr_t naps(void *arg)
{
    for (intptr_t i = 0; i < 3; i++)
        if (fiber_await(timer_sleep(duration_from_millis(1))) != 0) return -1;
    return (intptr_t)arg;
}

CHECK(runs_on_the_executor, 1, "It runs on the executor of trale.c")
{
    use_trale();
    awaiting("executor_block_on of a fiber to return");
    intptr_t value = executor_block_on(fiber(naps, (void *)7));
    expect(value == 7, "executor_block_on of a fiber returned %ld.",
           (long)value);
}
