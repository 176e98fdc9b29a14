// The six executors of exercise 13 in one. `bug` says which of them it is: each
// line with that word is a mistake that somebody made once.
#include "part_executor.h"

#include "harness.h"

#include <string.h>

static enum bug bug;
char order[200];

struct task {
    struct puppet *puppet;
    bool queued, done;
    int refs; // one for the executor, one for each waker, one for its place
};

// The run-queue: a place for each task that can run.
struct place {
    struct place *next;
    struct task *task;
};

static struct place *head;
static int alive;

void use_executor(enum bug wanted)
{
    bug = wanted;
}

static void release(struct task *task)
{
    if (--task->refs > 0) return;
    alive--;
    free(task);
}

static void push(struct task *task)
{
    struct place *place = calloc(1, sizeof(*place)), **at = &head;

    if (place == NULL) abort();
    task->refs++;
    task->queued = true;
    place->task = task;
    while (*at != NULL && bug != LAST_IN_FIRST_OUT) at = &(*at)->next;
    place->next = *at;
    *at = place;
}

static struct task *pop(void)
{
    struct place *place = head;
    struct task *task = place->task;

    head = place->next;
    free(place);
    if (bug != WAKE_DURING_POLL_LOST) task->queued = false;
    return task;
}

static void waker_clone_task(void *data)
{
    struct task *task = data;

    if (bug != WAKER_NOT_COUNTED) task->refs++;
}

static void waker_drop_task(void *data)
{
    release(data);
}

static void waker_wake_task(void *data)
{
    struct task *task = data;
    bool done = task->done && bug != POLLED_WHEN_DONE;
    bool queued = task->queued && bug != QUEUED_TWICE;

    if (!done && !queued) push(task);
    waker_drop_task(data);
}

// The poll function of all puppets. The last letter stands for what may follow.
static struct poll puppet_poll(struct puppet *self, struct context *cx)
{
    int last = (int)strlen(self->steps) - 1;
    char step = self->steps[self->polls < last ? self->polls : last];
    size_t used = strlen(order);

    self->polls++;
    event(self->name, "poll", "| poll number %d, step %c", self->polls, step);
    snprintf(order + used, sizeof(order) - used, "%s%s", used > 0 ? " " : "",
             self->name);
    forget(self);
    self->waker = waker_clone(cx->waker);
    if (step == 'y') wake(self);
    return step == 'r' ? POLL_READY(0) : POLL_PENDING;
}

static void poll_task(struct task *task)
{
    static const struct waker_vtable vtable = { waker_clone_task,
                                                waker_wake_task,
                                                waker_drop_task };
    struct context cx = { &(struct waker){ &vtable, task } };

    bool ready = puppet_poll(task->puppet, &cx).ready;
    if (bug == WAKE_DURING_POLL_LOST) task->queued = false;
    if (!ready || task->done) return;
    task->done = true;
    release(task); // the executor's reference
}

int run(int most)
{
    int polls = 0;

    while (head != NULL && polls < most) {
        struct task *task = pop();
        poll_task(task);
        polls++;
        release(task); // its place
    }
    return polls;
}

struct puppet *spawn(const char *name, const char *steps)
{
    struct task *task = calloc(1, sizeof(*task));
    struct puppet *puppet = calloc(1, sizeof(*puppet));

    if (task == NULL || puppet == NULL) abort();
    if (name == NULL || steps == NULL || *steps == '\0' ||
        steps[strspn(steps, "kyr")] != '\0')
        ck_abort_msg("spawn wants a name and steps of k, y and r");
    puppet->name = name;
    puppet->steps = steps;
    task->puppet = puppet;
    task->refs = 1;
    alive++;
    event(name, "spawn", "| steps %s", steps);
    push(task);
    return puppet;
}

void wake(struct puppet *puppet)
{
    if (puppet->waker.vtable == NULL)
        ck_abort_msg("wake(%s), but it keeps no waker: it has not been polled, "
                     "or has forgotten it",
                     puppet->name);
    event(puppet->name, "wake", "| after %d polls", puppet->polls);
    struct waker waker = waker_clone(&puppet->waker);
    waker_wake(&waker);
}

void forget(struct puppet *puppet)
{
    waker_drop(&puppet->waker);
}

int tasks_alive(void)
{
    return alive;
}
