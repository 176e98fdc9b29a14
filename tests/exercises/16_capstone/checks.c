// Checks of exercise 16: your own executor.
// Sanitizers: address thread
#define _GNU_SOURCE
#include "checks.h"
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char exercise_read[] =
    "trale.c, 'executor_loop'; trale.c, 'later trale: TaskJoiner::poll'";

// Tasks that are only counted: in the queue, and polled.
static int queued, polled;

bool step(void)
{
    expect(
        strcmp(calling(), "executor_notify") != 0,
        "executor_notify called step: it may be on any thread, and a task is "
        "polled by the executor's only. It wakes, and no more.");
    expect(!has_lock(), "step was called with a lock held: it polls a task, "
                        "which may wake another, and that calls "
                        "executor_notify.");
    moment("just before a step");
    if (queued == 0) {
        moment("just after the last step, which found no task");
        return false;
    }
    queued--;
    polled++;
    return true;
}

static void notify(void)
{
    struct call outer = enter("executor_notify");

    awaiting("executor_notify to return");
    executor_notify();
    leave(outer);
    awaiting("%s", "");
}

static void add(int tasks)
{
    event("queue", "push", "| %d tasks", tasks);
    queued += tasks;
    notify();
}

static struct future *executor(void)
{
    static const struct future_vtable vtable = { "executor", executor_poll,
                                                 NULL };

    return future_new(sizeof(struct future), &vtable);
}

static void poll_pending(struct probe *task, struct future *future)
{
    struct poll poll = probe_poll(task, future);

    expect(!poll.ready, "executor_poll was %s: it is never ready.",
           outcome(poll));
}

// At the end of a check the executor's waker is still there.
static void end(struct future *future)
{
    notify();
    future_drop(future);
}

CHECK(polls_all, 1, "It polls all tasks of the queue, and then is pending")
{
    struct probe *task = probe_new("thread");
    struct future *future = executor();

    queued = polled = 0;
    notify(); // nobody waits
    for (int i = 0; i < 4; i++) {
        int wakes = task->wakes;
        expect(polled == i * 40, "%d tasks came, and %d were polled.", i * 40,
               polled);
        queued = 40;
        poll_pending(task, future);
        expect(queued == 0,
               "executor_poll has returned with %d tasks in the "
               "queue: nobody may ever tell it of them.",
               queued);
        expect(probe_held(task) == 1,
               "executor_poll is pending, and %d wakers are kept instead of "
               "one, for executor_notify.",
               probe_held(task));
        expect(task->wakes == wakes, "executor_poll has woken itself, with an "
                                     "empty queue: its thread would spin.");
    }
    end(future);
}

CHECK(notified, 1, "A task that comes later wakes it, once")
{
    struct probe *task = probe_new("thread"), *other = probe_new("other");
    struct future *future = executor();

    queued = polled = 0;
    poll_pending(other, future);
    poll_pending(task, future);
    expect(probe_held(other) == 0, "A later poll has left its waker, and the "
                                   "one before is still kept, or lost.");
    for (int i = 1; i <= 3; i++) {
        add(1);
        expect(task->wakes == i,
               "A task came into the queue, and the executor "
               "was woken %d times instead of %d.",
               task->wakes, i);
        add(1);
        expect(task->wakes == i, "The executor was woken again, before it was "
                                 "polled: it had left one waker.");
        poll_pending(task, future);
        expect(polled == 2 * i, "The executor was polled, but not the tasks.");
    }
    expect(other->wakes == 0, "An older waker was woken.");
    end(future);
}

static int moments_left, tasks_then;
static const char *moment_then;

static void add_at_moment(const char *moment)
{
    if (moments_left-- != 0) return;
    moment_then = moment;
    event("queue", "moment", "| %s", moment);
    for (int i = 0; i < tasks_then; i++) add(1);
}

CHECK(at_any_moment, 1, "No task is missed, at whatever moment it comes")
{
    for (int round = 0; round < 4; round++)
        for (int number = 0;; number++) {
            int replacing = round % 2;
            tasks_then = round < 2 ? 1 : 40;
            struct probe *task = probe_new("thread"), *old = probe_new("old");
            struct future *future = executor();
            queued = 1;
            if (replacing) poll_pending(old, future);
            moments_left = number;
            moment_then = NULL;
            at_moment = add_at_moment;
            poll_pending(task, future);
            at_moment = NULL;
            expect(moment_then == NULL || queued == 0 || task->wakes > 0,
                   "%d tasks came in the middle of executor_poll, %s. %d of "
                   "them were not polled, and executor_notify has found no "
                   "waker: they stay there for ever. Leave the waker first, "
                   "and then look until step returns false.",
                   tasks_then, moment_then, queued);
            end(future);
            if (moment_then == NULL) break;
        }
}

CHECK(unlocked, 1, "No waker is used, and no task polled, with a lock held")
{
    struct probe *task = probe_new("thread"), *other = probe_new("other");
    struct future *future = executor();

    strict_locks = true;
    queued = 3;
    poll_pending(other, future);
    poll_pending(task, future);
    task->eager = future;
    add(2);
    expect(queued == 0 && task->spots == 1,
           "The executor was polled on the spot, inside its wake, and has left "
           "%d tasks in the queue.",
           queued);
    task->eager = NULL;
    end(future);
    strict_locks = false;
}

static void notify_quietly(void *data)
{
    struct call outer = enter("executor_notify");

    (void)data;
    executor_notify();
    leave(outer);
}

CHECK(shared, 1, "What threads share is used under the lock")
{
    struct future *future = executor();
    struct stranger stranger;

    awaiting("executor_poll and executor_notify, on two threads, to return");
    narration(false);
    queued = 0;
    stranger_begin(&stranger, notify_quietly, NULL);
    for (int polls = 0; polls < 2; polls++) {
        poll_idly(future);
        if (polls == 0) stranger_acts(&stranger);
    }
    stranger_end(&stranger);
    narration(true);
    end(future);
}

// ---------------------------------------------------------------------------
// The whole: a program, its output and its picture
// ---------------------------------------------------------------------------

static void read_file(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "re");

    text[0] = '\0';
    if (file == NULL) return;
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

static void first_difference(const char *wanted, const char *got, char *text,
                             size_t size)
{
    while (*wanted != '\0' || *got != '\0') {
        size_t n = strcspn(wanted, "\n"), m = strcspn(got, "\n");
        if (n != m || strncmp(wanted, got, n) != 0) {
            snprintf(text, size, "where trale.c has '%.*s' it has '%.*s'",
                     (int)n, n > 0 ? wanted : "the end", (int)m,
                     m > 0 ? got : "the end");
            return;
        }
        wanted += n + (wanted[n] == '\n');
        got += m + (got[m] == '\n');
    }
    text[0] = '\0';
}

// run.sh runs the program and writes what it printed, in order, and its
// picture.
static void run_program(const char *program)
{
    static char wanted[8000], got[8000];
    const char *work = getenv("EXERCISE_WORK");
    char command[500], path[300], difference[400];

    patient(true);
    awaiting("examples/%s.c, on your own executor, to end", program);
    snprintf(path, sizeof(path), "%s/parts", work);
    read_file(path, got, sizeof(got));
    expect(got[0] == '\0', "The program could not be put together: %.300s",
           got);
    snprintf(command, sizeof(command),
             "sh tests/exercises/16_capstone/run.sh %s %s %s", program, work,
             getenv("EXERCISE_SANITIZER"));
    int status = system(command);
    if (WEXITSTATUS(status) == 2) _exit(99); // the report speaks for itself
    snprintf(path, sizeof(path), "%s/%s.said", work, program);
    read_file(path, got, sizeof(got));
    expect(status == 0, "%s", got);
    snprintf(path, sizeof(path), "tests/exercises/16_capstone/%s.picture",
             program);
    read_file(path, wanted, sizeof(wanted));
    snprintf(path, sizeof(path), "%s/%s.picture", work, program);
    read_file(path, got, sizeof(got));
    first_difference(wanted, got, difference, sizeof(difference));
    expect(difference[0] == '\0',
           "examples/%s.c runs, but its picture is another than that of "
           "trale.c: %s. All of it is in %s.",
           program, difference, path);
}

CHECK(timer, 3, "On your own executor examples/timer.c draws trale's picture")
{
    if (round_no == 0) run_program("timer");
}

CHECK(udp, 3, "On your own executor examples/udp.c draws trale's picture")
{
    if (round_no == 0) run_program("udp");
}
