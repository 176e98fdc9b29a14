// What the program beside this file runs on. Read this first. In the last step
// trale.h takes its place.
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

// How to make a task run again: put its number on a queue. Ours is a pipe, and
// to read from an empty one is to park. (The book locks a vector, and unparks.)
struct waker {
    int queue, task;
};

static void waker_wake(struct waker waker)
{
    if (write(waker.queue, &waker.task, sizeof(int)) == -1) err(1, "wake");
}

// What a poll returns: whether the future is ready, and with what.
struct poll {
    bool ready;
    intptr_t value;
};

#define POLL_PENDING ((struct poll){ .ready = false })
#define POLL_READY(output) ((struct poll){ true, (intptr_t)(output) })

struct future;
typedef struct poll poll_function(struct future *future, struct waker waker);

// A future is something to poll: it does what it can without blocking. This is
// the first member of every future's struct, whose other members are what has
// to survive from one poll to the next.
struct future {
    poll_function *poll;
};

// A program that polls a future after it was ready has lost track of it.
static _Noreturn void panic(const char *message)
{
    fprintf(stderr, "%s\n", message);
    abort();
}

// Futures live on the heap. Zeroed, a state machine is at its start.
static void *future_new(size_t size, poll_function *poll)
{
    struct future *future = calloc(1, size);

    if (future == NULL) err(1, "no memory");
    future->poll = poll;
    return future;
}

// What all state machines have in common.
struct async {
    struct future future;
    int state;            // where to go on
    struct future *child; // the future being awaited
    intptr_t value;       // what it was ready with
};

// One step of an await: polls the child. If that is ready, it is dropped, its
// value is left in *value, and the one who awaits may go on.
static bool await(struct future **child, intptr_t *value, struct waker waker)
{
    struct poll poll = (*child)->poll(*child, waker);

    if (!poll.ready) return false;
    free(*child);
    *child = NULL;
    *value = poll.value;
    return true;
}

// The switch of s01. Its states are the numbers of the lines with an AWAIT.
#define ASYNC_BEGIN(self)          \
    switch ((self)->async.state) { \
    case 0:

#define AWAIT(self, awaited)                                               \
    do {                                                                   \
        (self)->async.child = (awaited);                                   \
        (self)->async.state = __LINE__;                                    \
        __attribute__((fallthrough));                                      \
    case __LINE__: /* where the next poll jumps to, past the code above */ \
        if (!await(&(self)->async.child, &(self)->async.value, waker))     \
            return POLL_PENDING;                                           \
    } while (0)

#define ASYNC_END(self, output) \
    (self)->async.state = -1;   \
    return POLL_READY(output);  \
    }                           \
    panic("Polled a resolved future")

// The reactor, which waits for descriptors. To each of them belongs a waker.
static int reactor;

static void *reactor_loop(void *unused)
{
    struct epoll_event event;
    struct waker waker;

    for (;;) {
        if (epoll_wait(reactor, &event, 1, -1) != 1) continue;
        memcpy(&waker, &event.data, sizeof(waker));
        waker_wake(waker);
    }
    return unused; // never
}

static void reactor_start(void)
{
    pthread_t thread;

    reactor = epoll_create1(EPOLL_CLOEXEC);
    if (reactor == -1) err(1, "cannot start the reactor");
    if (pthread_create(&thread, NULL, reactor_loop, NULL) != 0)
        errx(1, "cannot start the reactor thread");
}

// Returns what a poll then returns.
static struct poll reactor_register(int fd, struct waker waker)
{
    // EPOLLET: an event when something arrives, not for as long as it is there.
    struct epoll_event event = { .events = EPOLLIN | EPOLLET };

    memcpy(&event.data, &waker, sizeof(waker)); // just as large
    if (epoll_ctl(reactor, EPOLL_CTL_ADD, fd, &event) == -1)
        err(1, "cannot wait for the reply");
    return POLL_PENDING;
}

// For a future that goes on waiting: from now on, this waker is woken.
static struct poll reactor_set_waker(int fd, struct waker waker)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLET };

    memcpy(&event.data, &waker, sizeof(waker));
    if (epoll_ctl(reactor, EPOLL_CTL_MOD, fd, &event) == -1)
        err(1, "cannot set the waker");
    return POLL_PENDING;
}

static void reactor_deregister(int fd)
{
    if (epoll_ctl(reactor, EPOLL_CTL_DEL, fd, NULL) == -1)
        err(1, "cannot deregister");
}

static _Thread_local struct executor { // each thread may have its own
    struct future *tasks[8]; // by their numbers; NULL once they are ready, with
    intptr_t outputs[8];     // these
    struct waker awaiters[8]; // of the task that awaits this one; 0: nobody
    int spawned, pending;
    int queue[2]; // a pipe: who wakes writes to [1]
} executor;

// May be called from anywhere in the thread, from within a task too. A new task
// is woken for its first poll. Returns what task_join takes.
static int executor_spawn(struct future *future)
{
    if (executor.spawned == 8) errx(1, "too many tasks");
    executor.tasks[executor.spawned] = future;
    executor.pending++;
    waker_wake((struct waker){ executor.queue[1], executor.spawned });
    return executor.spawned++;
}

static void executor_poll(struct waker waker)
{
    struct future **future = &executor.tasks[waker.task];

    if (*future == NULL) return; // a false wake: the task was ready before
    if (!await(future, &executor.outputs[waker.task], waker)) return;
    executor.pending--;
    struct waker awaiter = executor.awaiters[waker.task];
    if (awaiter.queue != 0) waker_wake(awaiter);
}

// A future that is ready with the output of a task of this thread.
struct joiner {
    struct future future;
    int task;
};

static struct poll join_poll(struct future *future, struct waker waker)
{
    int task = ((struct joiner *)future)->task;

    executor.awaiters[task] = waker; // the latest waker wins
    if (executor.tasks[task] != NULL) return POLL_PENDING;
    return POLL_READY(executor.outputs[task]);
}

static struct future *task_join(int task)
{
    struct joiner *self = future_new(sizeof(*self), join_poll);

    self->task = task;
    return &self->future;
}

// Runs a future to its end, and all that it spawns.
static void block_on(struct future *future, const char *name)
{
    int task;

    if (pipe2(executor.queue, O_CLOEXEC) == -1) err(1, "queue");
    executor_spawn(future);
    while (executor.pending > 0) {
        if (read(executor.queue[0], &task, sizeof(task)) == -1) err(1, "sleep");
        executor_poll((struct waker){ executor.queue[1], task });
    }
    printf("%s: All tasks are finished\n", name);
}
