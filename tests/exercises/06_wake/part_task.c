// The tasks and the queue that 06_task.h promises. All that the student's code
// does to them is looked at here, at once.
#include "part_task.h"

#include "harness.h"

// What the student sees of a task, and what not.
struct entry {
    struct task task;
    struct future *future; // NULL once it was ready
    atomic_int refs;       // one for the check, one for each waker
    bool over;             // the step that found it ready has returned
    // Guarded by the lock:
    bool queued;
    struct entry *next;
};

bool many_threads, in_between;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct entry *head; // of the queue

void queue_lock(void)
{
    lock_wanted(&mutex);
    pthread_mutex_lock(&mutex);
    lock_taken(&mutex);
}

void queue_unlock(void)
{
    lock_given(&mutex);
    pthread_mutex_unlock(&mutex);
    lock_free();
}

static void expect_locked(const char *function)
{
    expect(has_lock(),
           "%s was called without the lock, which guards the queue and the "
           "states: another thread may be changing them at this moment.",
           function);
}

void queue_push(struct task *task)
{
    struct entry *entry = (struct entry *)task, **place = &head;

    expect_locked("queue_push");
    event(task->name, "push", "| queue_push is called");
    expect(!entry->over,
           "%s is done, was woken once more, and was put into the queue. Its "
           "future is gone: a wake after the end must change nothing.",
           task->name);
    expect(!entry->queued || in_between,
           "%s was woken while it was in the queue, and was put there a second "
           "time. It would be polled twice: a task that is in the queue "
           "already stays where it is.",
           task->name);
    expect(!entry->queued,
           "%s was put into the queue twice. It was woken twice at the same "
           "moment, and when the later wake had the lock, it was in the queue "
           "already. Ask for its state, change it and put it there in one "
           "piece, under the lock, and only if it waits.",
           task->name);
    while (*place != NULL) place = &(*place)->next;
    *place = entry;
    entry->next = NULL;
    entry->queued = true;
}

static struct task *take(struct entry **place)
{
    struct entry *entry = *place;

    if (entry == NULL) return NULL;
    *place = entry->next;
    entry->queued = false;
    return &entry->task;
}

struct task *queue_pop(void)
{
    expect_locked("queue_pop");
    return take(&head);
}

void queue_remove(struct task *task)
{
    struct entry **place = &head;

    expect_locked("queue_remove");
    while (*place != NULL && &(*place)->task != task) place = &(*place)->next;
    take(place);
}

static void release(struct entry *entry)
{
    if (--entry->refs == 0) free(entry);
}

static void clone_waker(void *data)
{
    ((struct entry *)data)->refs++;
}

static void wake_waker(void *data)
{
    struct entry *entry = data;

    expect(!has_lock(), "A task was polled or dropped with the lock held.");
    struct call outer = enter("task_wake");
    task_wake(&entry->task);
    leave(outer);
    release(entry);
}

static void drop_waker(void *data)
{
    release(data);
}

static const struct waker_vtable vtable = { clone_waker, wake_waker,
                                            drop_waker };

static struct entry *polled; // by the step that is under way

struct poll task_poll(struct task *task)
{
    struct entry *entry = (struct entry *)task;
    struct context cx = { &(struct waker){ &vtable, task } };

    expect(task != NULL, "task_poll(NULL) was called: the queue was empty, and "
                         "then there is nothing to poll.");
    expect(!has_lock(),
           "task_poll(%s) was called with the lock held: if it wakes somebody, "
           "or waits for a thread that does, nobody gets on. Unlock before you "
           "poll.",
           task->name);
    expect(polled == NULL, "A single step has called task_poll twice.");
    expect(entry->future != NULL,
           "%s was polled again, though it was ready in its last poll.",
           task->name);
    polled = entry;
    moment("just before its poll");
    struct poll poll = future_poll(entry->future, &cx);
    moment("just after its poll");
    if (poll.ready) {
        future_drop(entry->future);
        entry->future = NULL;
    }
    return poll;
}

struct waker task_waker(struct task *task)
{
    return waker_clone(&(struct waker){ &vtable, task });
}

struct task *spawn(const char *name, struct future *future)
{
    struct entry *entry = calloc(1, sizeof(*entry));

    if (entry == NULL) abort();
    entry->task = (struct task){ QUEUED, name };
    entry->future = future;
    entry->refs = 1;
    if (!many_threads)
        guard(&entry->task.state, sizeof(entry->task.state),
              "the state of a task");
    event(name, "spawn", "| into the queue");
    queue_lock();
    queue_push(&entry->task);
    queue_unlock();
    return &entry->task;
}

// A future that is still pending may keep a waker of its own task.
void task_forget(struct task *task)
{
    struct entry *entry = (struct entry *)task;

    unguard(&entry->task.state);
    future_drop(entry->future);
    entry->future = NULL;
    release(entry);
}

bool task_queued(struct task *task)
{
    queue_lock();
    bool queued = ((struct entry *)task)->queued;
    queue_unlock();
    return queued;
}

bool task_over(struct task *task)
{
    return ((struct entry *)task)->over;
}

int queue_length(void)
{
    int length = 0;

    queue_lock();
    for (struct entry *entry = head; entry != NULL; entry = entry->next)
        length++;
    queue_unlock();
    return length;
}

bool expect_step(void)
{
    bool empty = queue_length() == 0;

    event("-", "step", "| tasks in the queue: %d", queue_length());
    polled = NULL;
    awaiting("step to return");
    struct call outer = enter("step");
    bool stepped = step();
    leave(outer);
    expect(stepped || polled == NULL, "step has polled %s, and returned false.",
           polled->task.name);
    expect(stepped || empty,
           "step returned false although a task was in the queue.");
    expect(!stepped || polled != NULL,
           "step returned true, but has not called task_poll.");
    if (polled == NULL || polled->future != NULL) return stepped;
    queue_lock();
    bool queued = polled->queued;
    polled->over = true;
    queue_unlock();
    expect(!queued || in_between,
           "%s was woken during its last poll, which was ready, and is still "
           "in the queue when step returns. It would be polled after its end: "
           "take it out.",
           polled->task.name);
    expect(!queued,
           "%s was woken after its last poll, while step was not over yet, and "
           "is in the queue when step returns. Take it out and make it done in "
           "one piece, under the lock.",
           polled->task.name);
    return stepped;
}
