// Checks of exercise 03: the run-queue.
#include "part_task.h"

#include "harness.h"

#include <string.h>

const char exercise_read[] =
    "trale.c, 'task.rs: the executor', rules 3 and 5; trale.c, "
    "'executor_loop'; examples/exercises/03_task.h";

static char order[80]; // the names of the tasks, as they were polled

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

static void expect_run(void)
{
    awaiting("run to return");
    run();
    event("-", "returned", "from run | polled: %s", order);
}

static void expect_ended(struct script *script)
{
    if (script->ended) return;
    if (script->polls == 0)
        fail("run returned, but %s was never polled: it was queued, and then "
             "lost: look at head, tail and next. The order of the polls was: "
             "%s.",
             script->name, order[0] != '\0' ? order : "none at all");
    fail("run returned, but %s was not polled again after wake number %d: it "
         "was queued again, and then lost. The order of the polls was: %s.",
         script->name, script->wakes, order);
}

static void expect_none_left(void)
{
    expect(tasks_alive == 0,
           "All tasks are done, but %d of them %s never given back: run must "
           "call task_release for each task that it took from the queue.",
           tasks_alive, tasks_alive == 1 ? "was" : "were");
}

CHECK(first_in_first_out, 3, "polls the tasks in the order of the spawns")
{
    struct script *scripts[] = { script("A", "r"), script("B", "r"),
                                 script("C", "r") };

    order[0] = '\0';
    expect(queue_pop() == NULL, "queue_pop returned a task before any was "
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

CHECK(woken_at_the_tail, 2, "puts a woken task behind those that wait")
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

CHECK(pending_waits, 3, "polls a pending task only when it was woken")
{
    struct script *a = script("A", "kkr"), *b = script("B", "yyr");

    order[0] = '\0';
    spawn(a);
    spawn(b);
    expect_run();
    expect_ended(b);
    for (int wake = 1; wake <= 2; wake++) {
        expect(a->polls == wake,
               "run returned after %d polls of A, and %d wakes.", a->polls,
               wake - 1);
        script_wake(a);
        expect_run();
    }
    expect_ended(a);
    expect_none_left();
}

CHECK(two_wakes_one_place, 1, "queues a task once, though it is woken twice")
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

CHECK(spawn_while_running, 1, "runs what is spawned while it runs")
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
