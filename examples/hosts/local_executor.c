// The executor of trale.c without its thread. It follows the same eight rules;
// read those first. What is different:
//
//   - Where trale signals the executor thread, this wakes the notification.
//   - Where trale's loop sleeps, run_pending returns to the host.
//   - A turn of run_pending has an end, even if a task always wakes itself.
//   - The executor can be dropped while tasks are left. Then each task is done,
//     so its wakers do nothing. The memory of the executor, with the lock that
//     the wakers take, stays as long as there is one of them.
//
// The notification. While a task is on the run-queue, the host must be about to
// call run_pending. `notice` says whether it was told:
//
//     notice      the host was         made so by
//     a clone     not told             run_pending, before it takes its turn
//     empty       told                 whoever puts a task on the run-queue
//
// Who takes the clone out wakes it, and wake consumes it. So the host is told
// once, however many tasks are woken. A wake that comes during the turn finds
// the new clone, and the host calls again.
#define _GNU_SOURCE // for open_memstream
#include "local_executor.h"

#include "../futures/spawn.h"
#include "../trace/trace.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

// The talking build has these. In the bare one they are NULL.
#pragma weak future_print
#pragma weak trace_event

enum task_state { RUNNABLE, WAITING, DONE }; // as in trale.c

struct link {
    struct link *prev, *next;
};

struct task {
    // Guarded by executor->lock:
    struct link link; // its place in a queue, unless it is DONE
    enum task_state state;
    _Atomic unsigned wakers; // grows without the lock too
    // Constant:
    struct local_executor *executor;
    uint64_t id;           // 1, 2, 3, ...
    const char *name;      // its future's, for when that is gone
    struct future *future; // dropped on the host's thread, when it is done
};

struct local_executor {
    pthread_mutex_t lock; // guards all that follows, and the tasks
    struct link run_q, waiting;
    size_t left;          // tasks that are not done
    size_t in_memory;     // tasks that are not freed
    uint64_t spawned;     // so many tasks so far
    struct task *polling; // the task that is being polled or dropped, or NULL
    bool dropped;
    struct waker notice; // a clone of the notification: the host was not told
    int64_t told;        // when it was, in nanoseconds; 0: we have complained
    // Constant:
    struct waker notification;
    const void *thread; // the host's: the address of its `current`
    unsigned process;   // see forks
};

// The executor that spawn() uses on this thread, or NULL.
static _Thread_local struct local_executor *current;

// How many forks lie between the first process and this one. A forked child
// shares its notification with its parent: a wake in the one would be a wake of
// the other. And no reactor is there to wake its tasks.
static unsigned forks;

static void note_fork(void)
{
    forks++;
}

__attribute__((constructor)) static void watch_forks(void)
{
    if (pthread_atfork(NULL, NULL, note_fork) != 0) panic("out of memory");
}

// ---------------------------------------------------------------------------
// Locks, and what is refused
// ---------------------------------------------------------------------------

static void lock(struct local_executor *executor)
{
    if (executor->process != forks)
        panic("a local executor was used after fork in the child, where "
              "nothing wakes its tasks: make a new one there");
    pthread_mutex_lock(&executor->lock);
}

// Unlocks, and frees the executor if it is dropped and its last task is gone.
// Nobody else can be waiting for the lock then: it takes a task to come here.
static void unlock_last(struct local_executor *executor)
{
    bool last = executor->dropped && executor->in_memory == 0;

    pthread_mutex_unlock(&executor->lock);
    if (!last) return;
    pthread_mutex_destroy(&executor->lock);
    free(executor);
}

static void print_task(FILE *out, const struct task *task)
{
    fprintf(out, "%s#%llu", task->name, (unsigned long long)task->id);
    if (future_print != NULL) future_print(out, task->future);
}

// What a trace tells of a task. While it is polled, only the host's thread may
// look where it is.
static struct trace_task look(const struct link *link)
{
    const struct task *task = (const struct task *)link;
    bool foreign = task->executor->thread != &current;
    bool in_use = task->executor->polling == task && foreign;
    struct future *future = task->state == DONE || in_use ? NULL : task->future;

    return (struct trace_task){ "local:",     task->name, task->id,
                                task->wakers, future,     NULL };
}

// A caption, as EVENT of trale.c: it does nothing in the bare build. Holds the
// lock.
static void event(const char *what, const struct task *task)
{
    if (trace_event == NULL) return;
    trace_event(what, &task->link, &task->executor->run_q,
                &task->executor->waiting, look);
}

// panic, with the task and its chain of awaits. The task is not being polled on
// another thread: either we are on the host's, or nobody polls it.
static _Noreturn void task_panic(const struct task *task, const char *who,
                                 const char *message)
{
    char *text = NULL;
    size_t len;
    FILE *memory = open_memstream(&text, &len);

    if (memory != NULL) print_task(memory, task);
    if (memory == NULL || fclose(memory) != 0) panic("%s%s", who, message);
    panic("in task %s: %s%s", text, who, message);
}

// For what only the host may do, and only between two polls.
static void assert_host(struct local_executor *executor, const char *who)
{
    if (executor->thread != &current)
        panic("%s was called on another thread than local_executor_new: let "
              "the notification only tell the host's thread",
              who);
    if (executor->polling != NULL)
        task_panic(executor->polling, who,
                   " was called inside a task: let the host call it, when the "
                   "task has returned");
}

// A host that forgets to call back stops all tasks, and nobody would know why.
// A host can also be late, so this is no panic.
//
// Holds the lock.
static void complain_if_late(struct local_executor *executor)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now); // of the last tick: cheap
    int64_t nanos = now.tv_sec * NANOS_PER_SEC + now.tv_nsec;
    if (executor->notice.vtable != NULL) {
        executor->told = nanos;
    } else if (executor->told != 0 && nanos - executor->told > NANOS_PER_SEC) {
        fprintf(stderr,
                "local_executor: the host was notified a second ago, and has "
                "not called local_executor_run_pending: %zu tasks are left\n",
                executor->left);
        executor->told = 0;
    }
}

// ---------------------------------------------------------------------------
// What happens to a task
// ---------------------------------------------------------------------------

// Any thread | holds the lock. As in trale.c; returns the notice to wake when
// the lock is released, which is empty unless the host has to be told.
static struct waker task_move(struct task *task, enum task_state state)
{
    struct local_executor *executor = task->executor;
    struct link *link = &task->link;
    struct link *queue =
        state == WAITING ? &executor->waiting : &executor->run_q;

    task->state = state;
    link->prev->next = link->next;
    link->next->prev = link->prev;
    if (state == DONE) executor->left--;
    if (state == DONE) return (struct waker){ 0 };
    link->prev = queue->prev;
    link->next = queue;
    link->prev->next = link;
    queue->prev = link;
    if (state == WAITING) return (struct waker){ 0 };
    complain_if_late(executor);
    return waker_take(&executor->notice);
}

// Any thread | holds the lock. Rule 8, and the end of a task's memory.
static void task_release(struct task *task)
{
    if (task->wakers > 0 || task == task->executor->polling) return;
    if (task->state == WAITING && !task->executor->dropped)
        task_panic(task, "",
                   "nobody holds a waker of it any more, so it can never run "
                   "again: keep a clone of cx->waker and wake it");
    if (task->state != DONE) return;
    event("drop", task);
    task->executor->in_memory--;
    free(task);
}

static void task_clone(void *data)
{
    ((struct task *)data)->wakers++;
}

static void task_drop(void *data)
{
    struct task *task = data;
    struct local_executor *executor = task->executor;

    lock(executor);
    task->wakers--;
    task_release(task);
    unlock_last(executor);
}

// Rule 3.
static void task_wake(void *data)
{
    struct task *task = data;
    struct local_executor *executor = task->executor;
    struct waker notice = { 0 };

    lock(executor);
    bool waits = task->state == WAITING;
    if (waits) notice = task_move(task, RUNNABLE);
    task->wakers--; // wake consumes the waker
    event(waits ? "wake" : "wake-noop", task);
    task_release(task);
    unlock_last(executor);
    waker_wake(&notice);
}

static const struct waker_vtable task_vt = { task_clone, task_wake, task_drop };

// ---------------------------------------------------------------------------
// What the host calls
// ---------------------------------------------------------------------------

static void spawn_here(struct future *future)
{
    local_executor_spawn(current, future);
}

// Returns the executor that was the current one before.
static struct local_executor *enter(struct local_executor *executor)
{
    struct local_executor *before = current;

    current = executor;
    spawner = executor != NULL ? spawn_here : NULL;
    return before;
}

struct local_executor *local_executor_new(struct waker *notification)
{
    struct local_executor *executor = calloc(1, sizeof(*executor));

    if (executor == NULL) panic("out of memory");
    if (notification->vtable == NULL)
        panic("a local executor needs a notification: notification_new makes "
              "one");
    pthread_mutex_init(&executor->lock, NULL);
    executor->run_q = (struct link){ &executor->run_q, &executor->run_q };
    executor->waiting = (struct link){ &executor->waiting, &executor->waiting };
    executor->notification = waker_take(notification);
    executor->notice = waker_clone(&executor->notification);
    executor->thread = &current;
    executor->process = forks;
    enter(executor);
    return executor;
}

// The future cannot share a block with the task, as in trale.c: what future_new
// leaves in front of it has the size of trale's tasks.
void local_executor_spawn(struct local_executor *executor,
                          struct future *future)
{
    if (future == NULL || future->in_place)
        panic("there is no future to spawn, or it was spawned before");
    struct task *task = calloc(1, sizeof(*task));
    if (task == NULL) panic("out of memory");
    task->link = (struct link){ &task->link, &task->link };
    task->executor = executor;
    task->future = future;
    task->name = future->vtable->name;
    lock(executor);
    task->id = ++executor->spawned;
    executor->in_memory++;
    executor->left++;
    struct waker notice = task_move(task, RUNNABLE);
    event("spawn", task);
    pthread_mutex_unlock(&executor->lock);
    waker_wake(&notice);
}

// Rule 6: without the lock. A poll that is ready is followed by the drop of the
// future, and both belong to the turn of this task.
static void poll_task(struct local_executor *executor, struct task *task)
{
    struct context cx = { &(struct waker){ &task_vt, task } };

    task_move(task, WAITING); // rule 2: before the poll
    executor->polling = task;
    event("poll", task);
    pthread_mutex_unlock(&executor->lock);
    struct poll poll = future_poll(task->future, &cx);
    if (poll.ready) future_drop(task->future);
    lock(executor);
    if (poll.ready) task_move(task, DONE);
    event(poll.ready ? "ready" : "pending", task);
    executor->polling = NULL;
    task_release(task);
}

size_t local_executor_run_pending(struct local_executor *executor)
{
    assert_host(executor, "local_executor_run_pending");
    struct local_executor *before = enter(executor);
    struct waker notice = waker_clone(&executor->notification);

    lock(executor);
    struct waker unused = executor->notice; // called without being told
    executor->notice = notice;
    // Up to the task that is the last one now. Whoever is woken from here on
    // goes behind it, and only we take tasks off the head.
    const struct link *last = executor->run_q.prev;
    for (bool more = last != &executor->run_q; more;) {
        struct link *link = executor->run_q.next;
        more = link != last;
        poll_task(executor, (struct task *)link);
    }
    size_t left = executor->left;
    pthread_mutex_unlock(&executor->lock);
    waker_drop(&unused);
    enter(before);
    return left;
}

// A drop of a future may spawn, wake, and drop wakers. What it spawns is dropped
// too.
void local_executor_drop(struct local_executor *executor)
{
    assert_host(executor, "local_executor_drop");
    struct local_executor *before = enter(executor);

    lock(executor);
    executor->dropped = true; // frees nothing yet: see the last lines
    executor->in_memory++;
    executor->told = 0; // nobody complains any more
    struct waker notice = waker_take(&executor->notice);
    while (executor->left > 0) {
        struct link *link = executor->run_q.next != &executor->run_q
                                ? executor->run_q.next
                                : executor->waiting.next;
        struct task *task = (struct task *)link;
        task_move(task, DONE);
        event("cancel", task);
        executor->polling = task;
        pthread_mutex_unlock(&executor->lock);
        future_drop(task->future);
        lock(executor);
        executor->polling = NULL;
        task_release(task);
    }
    struct waker notification = waker_take(&executor->notification);
    executor->in_memory--;
    unlock_last(executor);
    waker_drop(&notice);
    waker_drop(&notification);
    enter(before != executor ? before : NULL);
}

static void dump_queue(FILE *out, const char *name, const struct link *queue)
{
    for (struct link *link = queue->next; link != queue; link = link->next) {
        struct task *task = (struct task *)link;
        bool polled = task->executor->polling == task;
        fprintf(out, "%-4s ", polled ? "poll" : name);
        print_task(out, task);
        putc('\n', out);
    }
}

// On the host's thread, so no task is polled meanwhile, but the one that calls
// us. What is written may block, so it is written without the lock.
void local_executor_dump(struct local_executor *executor, FILE *out)
{
    char *text = NULL;
    size_t len;
    FILE *memory = open_memstream(&text, &len);

    if (memory == NULL) panic("out of memory");
    if (executor->thread != &current)
        panic("local_executor_dump was called on another thread than "
              "local_executor_new: the host's may be polling what it shows");
    lock(executor);
    fprintf(memory, "local executor: of %llu tasks so far, these are left:\n",
            (unsigned long long)executor->spawned);
    dump_queue(memory, "run", &executor->run_q);
    dump_queue(memory, "wait", &executor->waiting);
    pthread_mutex_unlock(&executor->lock);
    if (fclose(memory) != 0) panic("out of memory");
    fwrite(text, 1, len, out);
    free(text);
}
