// Checks of exercise 01: a future is a state machine.
#include "checks.h"
#include "harness.h"

const char exercise_read[] =
    "trale.c, 'std: Future, and what rustc makes of .await'; trale.h, 'Future, "
    "Poll, Context, Waker'; examples/states.c";

CHECK(pending_above_zero, 1, "A countdown is pending while it is above zero")
{
    struct probe *task = probe_new("countdown");
    struct future *future = countdown(3);

    for (int left = 3; left > 0; left--) {
        expect(!probe_poll(task, future).ready,
               "countdown(3) was ready at poll number %d, with %d still to "
               "count: each poll must count one down and return, and the next "
               "one goes on from there.",
               4 - left, left);
    }
    probe_drop(task, future);
}

CHECK(arranges_a_wake, 1, "A poll that is pending has its task woken")
{
    struct probe *task = probe_new("countdown"), *other = probe_new("other");
    struct future *future = countdown(3);

    for (int wakes = 1; wakes <= 2; wakes++) {
        struct poll poll = probe_poll(task, future);
        expect(!poll.ready, "countdown(3) was ready at poll number %d.", wakes);
        expect(task->wakes > 0 || probe_held(task) > 0,
               "countdown(3) returned POLL_PENDING, but has arranged no wake: "
               "it has neither woken its task nor kept a clone of the waker. "
               "Nobody will ever poll it again.");
        expect(task->wakes >= wakes,
               "countdown(3) returned POLL_PENDING at poll number %d and keeps "
               "a waker, but who will wake it? There is nothing to wait for: "
               "wake it before you return.",
               wakes);
        expect(task->wakes == wakes,
               "countdown(3) has woken its task %d times in %d poll%s: once in "
               "each pending poll is enough.",
               task->wakes, wakes, wakes == 1 ? "" : "s");
    }
    probe_poll(other, future);
    expect(other->wakes == 1 && task->wakes == 2,
           "countdown(3) was polled twice by one task, then by another, and "
           "that poll has woken the first task %d times and the second %d "
           "times: wake the task of this poll, whose waker is in the context "
           "now.",
           task->wakes - 2, other->wakes);
    probe_drop(task, future);
}

static void count_down(int from)
{
    struct probe *task = probe_new("countdown");
    struct future *future = countdown(from);
    struct poll poll = POLL_PENDING;

    for (int i = 0; i <= from && !poll.ready; i++)
        poll = probe_poll(task, future);
    expect(poll.ready,
           "countdown(%d) is still pending after %d poll%s, so it will "
           "never be ready: who looks whether the count is zero, and who "
           "counts?",
           from, from + 1, from == 0 ? "" : "s");
    expect(poll.value == from,
           "countdown(%d) was ready with the value %ld, and not with %d, "
           "where it began.",
           from, (long)poll.value, from);
    expect(task->polls == from + 1,
           "countdown(%d) was ready at poll number %d instead of %d.", from,
           task->polls, from + 1);
    expect(task->wakes <= from,
           "countdown(%d) has woken its task in the poll that was ready: "
           "there is nothing more to do.",
           from);
    future_drop(future);
}

CHECK(ready_at_zero, 1, "At zero it is ready, with where it began")
{
    for (int from = 0; from <= 3; from++) count_down(from);
    narration(false);
    if (round_no == 0) count_down(70000);
    narration(true);
}

CHECK(keeps_its_state_apart, 1, "Two countdowns do not disturb each other")
{
    struct probe *tasks[] = { probe_new("A"), probe_new("B") };
    struct future *futures[] = { countdown(2), countdown(3) };

    for (int turn = 1; turn <= 2; turn++)
        for (int i = 0; i < 2; i++)
            expect(!probe_poll(tasks[i], futures[i]).ready,
                   "%s, countdown(%d), was ready at poll number %d, after "
                   "another countdown had been polled: is the count kept "
                   "outside of the struct?",
                   tasks[i]->name, 2 + i, turn);
    expect(tasks[0]->wakes == 2 && tasks[1]->wakes == 2,
           "A and B were polled twice each, and A was woken %d times and B %d "
           "times: wake the task of this poll.",
           tasks[0]->wakes, tasks[1]->wakes);
    struct poll poll = probe_poll(tasks[0], futures[0]);
    expect(poll.ready,
           "A, countdown(2), was pending at its third poll, after another "
           "countdown had been polled: is the count kept outside of the "
           "struct?");
    expect(poll.value == 2,
           "A, countdown(2), was ready with %ld, after another countdown had "
           "been made: is where it began kept outside of the struct?",
           (long)poll.value);
    expect(!probe_poll(tasks[1], futures[1]).ready,
           "B, countdown(3), was ready at its third poll, after another "
           "countdown had been polled: is the count kept outside of the "
           "struct?");
    for (int i = 0; i < 2; i++) future_drop(futures[i]);
}

CHECK(runs_on_the_executor, 1, "It runs on the executor of trale.c")
{
    use_trale();
    awaiting("executor_block_on(countdown(3)) to return");
    intptr_t value = executor_block_on(countdown(3));
    expect(value == 3, "executor_block_on(countdown(3)) returned %ld.",
           (long)value);
}
