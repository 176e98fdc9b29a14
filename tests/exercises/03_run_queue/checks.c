// Checks of exercise 03: the run-queue.
#include "part_task.h"

#include "harness.h"

#include <string.h>

const char exercise_read[] =
    "trale.c, 'task.rs: the executor', rules 3 and 5; trale.c, "
    "'executor_loop'; examples/exercises/03_task.h";

static char order[400]; // the names of the tasks, as they were polled

static void note_order(struct script *script)
{
    if (strlen(order) + strlen(script->name) + 2 > sizeof(order)) return;
    if (order[0] != '\0') strcat(order, " ");
    strcat(order, script->name);
}

static struct script *script(const char *name, const char *steps)
{
    struct script *script = script_new(name, steps, 0);

    script->on_poll = note_order;
    return script;
}

static struct task *call_pop(void)
{
    struct call outer = enter("queue_pop");
    awaiting("queue_pop to return");
    struct task *task = queue_pop();
    leave(outer);
    return task;
}

static void call_push(struct task *task)
{
    struct call outer = enter("queue_push");
    awaiting("queue_push to return");
    queue_push(task);
    leave(outer);
    expect(task->queued, "queue_push must set task->queued: it says that the "
                         "task is in the queue, and a second wake asks.");
}

static void expect_run(void)
{
    int polls = polls_of_all;
    struct call outer = enter("run");

    awaiting("run to return");
    run();
    leave(outer);
    event("-", "returned", "from run | polled: %s", order);
    struct task *left = call_pop();
    expect(left == NULL,
           "run returned after %d poll%s, too early: %s was still in the "
           "queue, and others may be. It must go on until the queue is empty.",
           polls_of_all - polls, polls_of_all - polls == 1 ? "" : "s",
           left->name);
}

static void expect_ended(struct script *script)
{
    if (script->ended) return;
    if (script->polls == 0)
        fail("run returned with an empty queue, but %s was never polled: it "
             "was queued, and then lost: look at head, tail and next. The "
             "order of the polls was: %s.",
             script->name, order[0] != '\0' ? order : "none at all");
    fail("run returned with an empty queue, but %s was not polled again after "
         "wake number %d: it was queued again, and then lost. The order of the "
         "polls was: %s.",
         script->name, script->wakes, order);
}

static void expect_none_left(void)
{
    expect(tasks_alive == 0,
           "All tasks are done, but %d of them %s never given back: run must "
           "call task_release for each task that it took from the queue.",
           tasks_alive, tasks_alive == 1 ? "was" : "were");
}

CHECK(first_in_first_out, 1, "The tasks are polled in the order of the spawns")
{
    struct script *scripts[] = { script("A", "r"), script("B", "r"),
                                 script("C", "r") };

    order[0] = '\0';
    expect(call_pop() == NULL, "queue_pop returned a task before any was "
                               "queued.");
    for (int i = 0; i < 3; i++) spawn(scripts[i]);
    expect_run();
    for (int i = 0; i < 3; i++) expect_ended(scripts[i]);
    expect(strcmp(order, "A B C") == 0,
           "A, B and C were queued in this order, but polled in the order %s: "
           "the queue must be first in, first out, or a task that wakes itself "
           "would keep those behind it waiting for ever.",
           order);
    expect_none_left();
}

// The queue alone, without run.
CHECK(runs_empty, 1, "The queue can run empty, and fill again")
{
    enum { TASKS = 40 };
    static struct task tasks[TASKS];
    int in = 0, out = 0;

    for (int i = 0; i < TASKS; i++)
        tasks[i] = (struct task){ .name = i % 2 ? "odd" : "even" };
    // So many are pushed, then so many popped, in turns.
    static const int steps[] = { 1, 1, 2, 2, 40, 39, 1, 2, 3, 3, 40, 40 };
    for (int i = 0; i < 12; i++)
        for (int n = steps[i]; n > 0; n--) {
            struct task *task = &tasks[in % TASKS];
            if (i % 2 == 0) {
                call_push(task);
                in++;
                continue;
            }
            task = &tasks[out % TASKS];
            struct task *popped = call_pop();
            expect(popped != NULL,
                   "%d tasks were queued so far and %d taken out, and "
                   "queue_pop returned NULL: %d %s lost.",
                   in, out, in - out, in - out == 1 ? "is" : "are");
            expect(popped == task,
                   "%d tasks were queued so far and %d taken out, and the next "
                   "one from queue_pop is not the oldest.",
                   in, out);
            expect(!popped->queued,
                   "queue_pop must clear task->queued: a task that is out of "
                   "the queue may be queued again by a wake.");
            out++;
        }
    expect(call_pop() == NULL, "The queue is empty, but queue_pop returned a "
                               "task.");
}

CHECK(woken_at_the_tail, 1, "A woken task goes behind those that wait")
{
    struct script *a = script("A", "yyr"), *b = script("B", "yr");

    order[0] = '\0';
    spawn(a);
    spawn(b);
    expect_run();
    expect_ended(a);
    expect_ended(b);
    expect(strcmp(order, "A B A B A") == 0,
           "A and B, which wake themselves in their polls, were polled in the "
           "order %s, and not in turns.",
           order);
    expect_none_left();
}

CHECK(pending_waits, 2, "A pending task is polled only when it was woken")
{
    struct script *a = script("A", "kkr"), *b = script("B", "yyr");

    order[0] = '\0';
    expect_run(); // of nothing
    spawn(a);
    spawn(b);
    expect_run();
    expect_ended(b);
    for (int wake = 1; wake <= 2; wake++) {
        expect(a->polls == wake,
               "run returned with an empty queue after %d poll%s of A, and %d "
               "wake%s.",
               a->polls, a->polls == 1 ? "" : "s", wake - 1,
               wake == 2 ? "" : "s");
        script_wake(a);
        expect_run();
    }
    expect_ended(a);
    expect_none_left();
}

CHECK(two_wakes_one_place, 1, "A task is queued once, though it is woken twice")
{
    struct script *a = script("A", "kkr"), *b = script("B", "r");
    struct waker twice;

    order[0] = '\0';
    spawn(a);
    expect_run();
    twice = waker_clone(&a->waker);
    script_wake(a);
    event("A", "wake", "| once more");
    waker_wake(&twice);
    spawn(b);
    expect_run();
    expect_ended(b);
    script_wake(a);
    expect_run();
    expect_ended(a);
    expect_none_left();
}

static void spawn_another(struct script *script)
{
    note_order(script);
    if (script->polls == 2) spawn(script->data);
}

CHECK(spawn_while_running, 1, "What is spawned while it runs is run too")
{
    struct script *a = script("A", "yr"), *b = script("B", "yr");

    order[0] = '\0';
    a->on_poll = spawn_another;
    a->data = b;
    spawn(a);
    expect_run();
    expect_ended(a);
    expect_ended(b);
    expect_none_left();
}

CHECK(many, 1, "Forty tasks have their turns, one after the other")
{
    struct script *scripts[40];

    order[0] = '\0';
    for (int i = 0; i < 40; i++) {
        scripts[i] = script(i % 2 ? "B" : "A", i % 3 == 0 ? "yr" : "r");
        spawn(scripts[i]);
    }
    expect_run();
    for (int i = 0; i < 40; i++) expect_ended(scripts[i]);
    for (int i = 0; i < 40; i++)
        expect(order[2 * i] == (i % 2 ? 'B' : 'A'),
               "Forty tasks were queued, but they were polled in another "
               "order: %.79s.",
               order);
    expect_none_left();
}
