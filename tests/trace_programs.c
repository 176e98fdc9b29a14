// Programs to be traced: the comment above each says what it does. They are run
// by test_trace.c, as build/tests/trace_programs NAME, since the narration reads
// its environment before main. Their own lines on stderr begin with "note: ".
#define _GNU_SOURCE
#include "examples/trace/trace.h"
#include "tests/register.h"

#include <err.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// n, or the part of it that TRALE_TEST_ROUNDS asks for, but at least one.
static int rounds(int n)
{
    const char *text = getenv("TRALE_TEST_ROUNDS");
    int part = text != NULL ? atoi(text) : 0;

    return part > 0 ? (n + part - 1) / part : n;
}

static double seconds(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static pthread_t thread(void *(*body)(void *data), void *data)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, body, data);

    if (error != 0) errx(1, "pthread_create: %s", strerror(error));
    return thread;
}

// ---------------------------------------------------------------------------
// Futures that the programs share
// ---------------------------------------------------------------------------

// Pending so often, having woken itself; then ready with the value.
struct yields {
    struct future future;
    int times;
    intptr_t value;
};

static struct poll yields_poll(struct future *future, struct context *cx)
{
    struct yields *self = (struct yields *)future;

    if (self->times-- == 0) return POLL_READY(self->value);
    struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker);
    return POLL_PENDING;
}

static struct future *yields(const char *name, int times, intptr_t value)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct future_vtable vtables[8];
    struct future_vtable *vtable = vtables;

    pthread_mutex_lock(&lock);
    while (vtable->name != NULL && strcmp(vtable->name, name) != 0) vtable++;
    if (vtable->name == NULL)
        *vtable = (struct future_vtable){ name, yields_poll, NULL };
    pthread_mutex_unlock(&lock);
    struct yields *self = future_new(sizeof(*self), vtable);

    self->times = times;
    self->value = value;
    return &self->future;
}

// The run-queue is first in, first out: when this returns, the executor is
// done with every poll that was due when it was called.
static void settle(void)
{
    executor_block_on(yields("settle", 0, 0));
}

// Ready once there is something to read from fd, which it leaves there.
struct readable {
    struct future future;
    struct subscription sub;
    int fd;
};

static struct poll readable_poll(struct future *future, struct context *cx)
{
    struct readable *self = (struct readable *)future;
    struct pollfd pollfd = { self->fd, POLLIN, 0 };

    if (poll(&pollfd, 1, 0) == 1) return POLL_READY(0);
    return register_waker(&self->sub, self->fd, cx->waker, WAKEUP_READABLE);
}

static void readable_drop(struct future *future)
{
    reactor_deregister_waker(&((struct readable *)future)->sub);
}

static struct future *readable(int fd)
{
    static const struct future_vtable vtable = { "readable", readable_poll,
                                                 readable_drop };
    struct readable *self = future_new(sizeof(*self), &vtable);

    self->fd = fd;
    return &self->future;
}

// Ready with the output of the one that is ready first; drops both.
struct first {
    struct future future;
    struct future *a, *b;
};

static struct poll first_poll(struct future *future, struct context *cx)
{
    struct first *self = (struct first *)future;
    struct poll poll = await(&self->a, cx);

    return poll.ready ? poll : await(&self->b, cx);
}

static void first_drop(struct future *future)
{
    future_drop(((struct first *)future)->a);
    future_drop(((struct first *)future)->b);
}

static struct future *first(struct future *a, struct future *b)
{
    static const struct future_vtable vtable = { "first", first_poll,
                                                 first_drop };
    struct first *self = future_new(sizeof(*self), &vtable);

    self->a = a;
    self->b = b;
    return &self->future;
}

static int new_pipe(int fds[2])
{
    if (pipe(fds) == -1) err(1, "pipe");
    return fds[0];
}

// ---------------------------------------------------------------------------
// Traces in which each line is determined
// ---------------------------------------------------------------------------

// A task spawns two, awaits one and detaches the other. The first wakes itself
// twice in one poll, and leaves a waker behind that is woken after its end.
static struct waker left_behind;

struct branch {
    struct async async;
    struct task_joiner joiner;
};

static struct poll twice_poll(struct future *future, struct context *cx)
{
    struct waker waker = waker_clone(cx->waker);

    if (left_behind.vtable != NULL) {
        waker_drop(&waker);
        return POLL_READY(7);
    }
    (void)future;
    left_behind = waker_clone(&waker);
    struct waker second = waker_clone(&waker);
    waker_wake(&waker);
    waker_wake(&second);
    return POLL_PENDING;
}

static struct poll branch_poll(struct future *future, struct context *cx)
{
    static const struct future_vtable twice = { "twice", twice_poll, NULL };
    struct branch *self = (struct branch *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, yields("yields", 1, 0));
    self->joiner = executor_spawn(yields("detached", 2, 0));
    task_joiner_drop(&self->joiner);
    self->joiner = executor_spawn(future_new(sizeof(struct future), &twice));
    AWAIT(self, &self->joiner.future);
    waker_wake(&left_behind);
    ASYNC_END(self, 3 * self->async.value + 3);
}

static void branch_drop(struct future *future)
{
    async_drop(future);
    task_joiner_drop(&((struct branch *)future)->joiner);
}

static void tasks(void)
{
    static const struct future_vtable vtable = { "branch", branch_poll,
                                                 branch_drop };

    executor_block_on(future_new(sizeof(struct branch), &vtable));
    settle(); // the detached one is done too
}

static sem_t woken;

static void foreign_nothing(void *data)
{
    (void)data;
}

static void foreign_wake(void *data)
{
    sem_post(data);
}

static const struct waker_vtable foreign_vtable = { foreign_nothing,
                                                    foreign_wake,
                                                    foreign_nothing };

// The reactor serves a waker that is none of ours: it is woken once, and once
// deregistered.
static void foreign(void)
{
    struct waker waker = { &foreign_vtable, &woken };
    struct subscription sub = { .fd = 0 };
    int fds[2], in = new_pipe(fds);

    sem_init(&woken, 0, 0);
    register_waker(&sub, in, &waker, WAKEUP_READABLE);
    if (write(fds[1], "x", 1) != 1) err(1, "write");
    sem_wait(&woken);
    register_waker(&sub, fds[1], &waker, WAKEUP_WRITABLE);
    sem_wait(&woken);
    if (read(in, &(char){ 0 }, 1) != 1) err(1, "read");
    register_waker(&sub, in, &waker, WAKEUP_READABLE);
    reactor_deregister_waker(&sub);
}

struct one {
    struct async async;
    int fds[2];
};

// A task waits for two pipes. One becomes readable, the other is dropped.
static struct poll select_poll(struct future *future, struct context *cx)
{
    struct one *self = (struct one *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, first(readable(self->fds[0]), readable(self->fds[1])));
    ASYNC_END(self, 0);
}

static void cancel(void)
{
    static const struct future_vtable vtable = { "select", select_poll,
                                                 async_drop };
    struct one *one = future_new(sizeof(*one), &vtable);
    int a[2], b[2];

    one->fds[0] = new_pipe(a);
    one->fds[1] = new_pipe(b);
    struct task_joiner joiner = executor_spawn(&one->async.future);
    settle();
    if (write(b[1], "x", 1) != 1) err(1, "write");
    task_joiner_join(&joiner);
}

// A thread other than main spawns, wakes and joins.
struct waits {
    struct future future;
    struct waker waker;
};

static struct waits *waiting;

static struct poll waits_poll(struct future *future, struct context *cx)
{
    struct waits *self = (struct waits *)future;

    waiting = self;
    if (self->waker.vtable != NULL) return POLL_READY(0);
    self->waker = waker_clone(cx->waker);
    return POLL_PENDING;
}

static void waits_drop(struct future *future)
{
    waker_drop(&((struct waits *)future)->waker);
}

static const struct future_vtable waits_vtable = { "waits", waits_poll,
                                                   waits_drop };

static void *other_main(void *data)
{
    struct task_joiner joiner =
        executor_spawn(future_new(sizeof(struct waits), &waits_vtable));

    settle();
    struct waker waker = waker_clone(&waiting->waker);
    waker_wake(&waker);
    task_joiner_join(&joiner);
    return data;
}

static void other(void)
{
    pthread_join(thread(other_main, NULL), NULL);
}

static void *spawn_when_cancelled(void *data)
{
    pthread_cancel(pthread_self()); // at the next cancellation point
    struct task_joiner joiner = executor_spawn(yields("spawned", 1, 0));
    task_joiner_drop(&joiner);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    return data;
}

// A thread was cancelled, and spawns before it comes to a cancellation point.
static void cancelled(void)
{
    settle();
    pthread_join(thread(spawn_when_cancelled, NULL), NULL);
    settle();
    settle();
}

// A task whose name is very long.
static void names(void)
{
    static char name[9001];
    static struct future_vtable vtable = { name, yields_poll, NULL };

    memset(name, 'x', sizeof(name) - 1);
    executor_block_on(future_new(sizeof(struct yields), &vtable));
}

// ---------------------------------------------------------------------------
// Many threads
// ---------------------------------------------------------------------------

// A task that sleeps, cancels, spawns and awaits; and, once done, counts.
struct worker {
    struct async async;
    struct task_joiner joiner;
    int number, round;
};

static atomic_int ended;

static struct future *micros(int n)
{
    return timer_sleep((struct duration){ n * INT64_C(1000) });
}

static struct poll worker_poll(struct future *future, struct context *cx)
{
    struct worker *self = (struct worker *)future;

    ASYNC_BEGIN(self);
    for (self->round = 0; self->round < 3; self->round++) {
        AWAIT(self, micros(self->number % 7 * 50));
        fprintf(stderr, "note: worker %d\n", self->number);
        AWAIT(self, first(micros(200), timer_sleep(duration_from_secs(60))));
        self->joiner = executor_spawn(micros(self->number % 3 * 100));
        if (self->number % 2) AWAIT(self, yields("yields", 2, 0));
        AWAIT(self, &self->joiner.future);
    }
    ended++;
    ASYNC_END(self, self->number);
}

static void worker_drop(struct future *future)
{
    async_drop(future);
    task_joiner_drop(&((struct worker *)future)->joiner);
}

enum { SPAWNERS = 4 };

static void *spawner_main(void *data)
{
    static const struct future_vtable vtable = { "worker", worker_poll,
                                                 worker_drop };
    struct waker waker = { &foreign_vtable, &woken };
    struct subscription sub = { .fd = 0 };
    int n = rounds(40), fds[2];

    new_pipe(fds);
    for (int i = 0; i < n; i++) {
        struct worker *worker = future_new(sizeof(*worker), &vtable);
        worker->number = i;
        struct task_joiner joiner = executor_spawn(&worker->async.future);
        register_waker(&sub, fds[0], &waker, WAKEUP_READABLE);
        fprintf(stderr, "note: thread %zu\n", (size_t)data);
        if (i % 4 == 0) task_joiner_join(&joiner);
        reactor_deregister_waker(&sub);
        task_joiner_drop(&joiner);
    }
    return NULL;
}

static void on_threads(int n, void *(*body)(void *data))
{
    pthread_t threads[8];

    for (int i = 0; i < n; i++) threads[i] = thread(body, (void *)(size_t)i);
    for (int i = 0; i < n; i++) pthread_join(threads[i], NULL);
}

static void stress(void)
{
    on_threads(SPAWNERS, spawner_main);
    while (ended < SPAWNERS * rounds(40)) usleep(1000);
}

// Tasks that are pending until `over`, each with a waker that others clone.
enum { TARGETS = 3 };

static struct target {
    pthread_mutex_t lock;
    struct waker waker;
} targets[TARGETS];
static atomic_bool over;

struct aim {
    struct future future;
    struct target *target;
};

static struct poll aim_poll(struct future *future, struct context *cx)
{
    struct target *target = ((struct aim *)future)->target;
    struct waker latest = waker_clone(cx->waker);

    pthread_mutex_lock(&target->lock);
    struct waker replaced = target->waker;
    target->waker = latest;
    pthread_mutex_unlock(&target->lock);
    waker_drop(&replaced);
    return over ? POLL_READY(24) : POLL_PENDING;
}

static void aim_drop(struct future *future)
{
    struct target *target = ((struct aim *)future)->target;

    pthread_mutex_lock(&target->lock);
    struct waker waker = waker_take(&target->waker);
    pthread_mutex_unlock(&target->lock);
    waker_drop(&waker);
}

static void *waker_main(void *data)
{
    int n = rounds(600);

    for (int i = 0; i < n; i++) {
        struct target *target = &targets[i % TARGETS];
        pthread_mutex_lock(&target->lock);
        struct waker waker = waker_clone(&target->waker);
        pthread_mutex_unlock(&target->lock);
        struct waker second = waker_clone(&waker);
        waker_wake(&waker);
        if (i % 3 == 0) waker_wake(&second);
        waker_drop(&second);
    }
    return data;
}

// Threads clone, wake and drop the wakers of tasks that are polled meanwhile.
static void wakes(void)
{
    static const struct future_vtable vtable = { "aim", aim_poll, aim_drop };
    struct task_joiner joiners[TARGETS];

    for (int i = 0; i < TARGETS; i++) {
        struct aim *aim = future_new(sizeof(*aim), &vtable);
        pthread_mutex_init(&targets[i].lock, NULL);
        aim->target = &targets[i];
        joiners[i] = executor_spawn(&aim->future);
    }
    settle(); // each has its waker
    on_threads(SPAWNERS, waker_main);
    over = true;
    for (int i = 0; i < TARGETS; i++) {
        pthread_mutex_lock(&targets[i].lock); // it may have seen `over` already
        struct waker waker = waker_take(&targets[i].waker);
        pthread_mutex_unlock(&targets[i].lock);
        waker_wake(&waker);
        task_joiner_join(&joiners[i]);
    }
}

// ---------------------------------------------------------------------------
// While a future is dropped
// ---------------------------------------------------------------------------

// A block that waits for fds[0] on its own account, besides its child, and
// whose drop function is the one place where that ends. What is told there
// must not look into the child, which is gone.
struct guard {
    struct async async;
    struct subscription sub;
    int fd, depth;
};

static struct future *guard(int fd, int depth);

static struct poll guard_poll(struct future *future, struct context *cx)
{
    struct guard *self = (struct guard *)future;

    ASYNC_BEGIN(self);
    register_waker(&self->sub, self->fd, cx->waker, WAKEUP_READABLE);
    if (self->depth > 0)
        AWAIT(self, guard(self->fd, self->depth - 1));
    else
        AWAIT(self, timer_sleep(duration_from_secs(60)));
    ASYNC_END(self, 0);
}

static void guard_drop(struct future *future)
{
    struct guard *self = (struct guard *)future;

    async_drop(future);
    executor_dump(stderr);
    reactor_deregister_waker(&self->sub);
    executor_dump(stderr);
}

static struct future *guard(int fd, int depth)
{
    static const struct future_vtable vtable = { "guard", guard_poll,
                                                 guard_drop };
    struct guard *self = future_new(sizeof(*self), &vtable);

    self->fd = fd;
    self->depth = depth;
    return &self->async.future;
}

// Is ready while its child, a chain of guards, is pending: so the executor
// drops the chain with the task.
struct leaves {
    struct async async;
    struct task_joiner joiner;
    int fd, polls;
};

static struct poll leaves_poll(struct future *future, struct context *cx)
{
    struct leaves *self = (struct leaves *)future;

    if (self->polls++ > 0) return POLL_READY(0);
    struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker);
    ASYNC_BEGIN(self);
    AWAIT(self, guard(self->fd, 2));
    ASYNC_END(self, 0);
}

// Is cancelled between two awaits of its own.
static struct poll cancels_poll(struct future *future, struct context *cx)
{
    struct leaves *self = (struct leaves *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, first(yields("yields", 2, 0), guard(self->fd, 3)));
    AWAIT(self, first(yields("yields", 1, 0), guard(self->fd, 0)));
    self->joiner = executor_spawn(timer_sleep(duration_from_secs(60)));
    AWAIT(self, first(yields("yields", 1, 0), &self->joiner.future));
    ASYNC_END(self, 0);
}

static void leaves_drop(struct future *future)
{
    struct leaves *self = (struct leaves *)future;

    async_drop(future);
    executor_dump(stderr);
    task_joiner_drop(&self->joiner);
}

static void dropping(void)
{
    static const struct future_vtable vtables[] = {
        { "leaves", leaves_poll, leaves_drop },
        { "cancels", cancels_poll, leaves_drop }
    };
    struct task_joiner joiners[2];
    int fds[2], in = new_pipe(fds);

    for (int i = 0; i < 2; i++) {
        struct leaves *self = future_new(sizeof(*self), &vtables[i]);
        self->fd = in;
        joiners[i] = executor_spawn(&self->async.future);
    }
    for (int i = 0; i < 2; i++) task_joiner_join(&joiners[i]);
}

// ---------------------------------------------------------------------------
// Polls that take their time
// ---------------------------------------------------------------------------

static atomic_bool slept;

static struct poll sleeps_poll(struct future *future, struct context *cx)
{
    (void)future, (void)cx;
    usleep(200000);
    slept = true;
    return POLL_READY(0);
}

// A poll sleeps for 200 ms. Nothing is printed meanwhile, for the time that this
// takes is no part of the poll's: main joins later.
static void sleeps(void)
{
    static const struct future_vtable vtable = { "sleeps", sleeps_poll, NULL };
    struct task_joiner joiner =
        executor_spawn(future_new(sizeof(struct future), &vtable));

    while (!slept) usleep(1000);
    task_joiner_join(&joiner);
}

static struct poll naps_poll(struct future *future, struct context *cx)
{
    (void)future;
    for (int i = 0; i < 4; i++) {
        usleep(60000);
        struct waker waker = waker_clone(cx->waker);
        waker_wake(&waker);
    }
    return POLL_READY(0);
}

// A poll sleeps four times for 60 ms, and is heard of in between.
static void naps(void)
{
    static const struct future_vtable vtable = { "naps", naps_poll, NULL };

    executor_block_on(future_new(sizeof(struct future), &vtable));
}

static atomic_int queued;

// Waits until main has come to a stop, and then for main's lock.
static struct poll waits_for_main_poll(struct future *future,
                                       struct context *cx)
{
    int last = 0;

    (void)future, (void)cx;
    queued = 1;
    while (queued != last || last < 50) {
        last = queued;
        double end = seconds(CLOCK_THREAD_CPUTIME_ID) + 0.002;
        while (seconds(CLOCK_THREAD_CPUTIME_ID) < end) continue;
    }
    struct task_joiner joiner = executor_spawn(yields("last", 0, 0));
    task_joiner_drop(&joiner);
    return POLL_READY(0);
}

// A poll waits for main, and main for whoever reads the narration.
static void slow_reader(void)
{
    static const struct future_vtable vtable = { "waits_for_main",
                                                 waits_for_main_poll, NULL };
    struct task_joiner joiner =
        executor_spawn(future_new(sizeof(struct future), &vtable));

    while (queued == 0) continue;
    for (int i = 0; i < 300; i++) {
        struct task_joiner one = executor_spawn(yields("one", 0, 0));
        task_joiner_drop(&one);
        queued++;
    }
    task_joiner_join(&joiner);
}

// Says how much of the poll's time the processor worked for it.
static struct poll computes_poll(struct future *future, struct context *cx)
{
    double wall = seconds(CLOCK_MONOTONIC);
    double cpu = seconds(CLOCK_THREAD_CPUTIME_ID), used = 0;

    (void)future, (void)cx;
    while (used < 0.2) used = seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    fprintf(stderr, "note: %.0f %%\n",
            100 * used / (seconds(CLOCK_MONOTONIC) - wall));
    return POLL_READY(0);
}

// A poll computes for 200 ms.
static void computes(void)
{
    static const struct future_vtable vtable = { "computes", computes_poll,
                                                 NULL };

    executor_block_on(future_new(sizeof(struct future), &vtable));
}

// ---------------------------------------------------------------------------

int main(int argc, char *argv[])
{
    static const struct {
        const char *name;
        void (*run)(void);
    } programs[] = { { "tasks", tasks },        { "foreign", foreign },
                     { "cancel", cancel },      { "other", other },
                     { "names", names },        { "stress", stress },
                     { "wakes", wakes },        { "dropping", dropping },
                     { "sleeps", sleeps },      { "computes", computes },
                     { "naps", naps },          { "slow_reader", slow_reader },
                     { "cancelled", cancelled } };

    for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
        if (argc != 2 || strcmp(argv[1], programs[i].name) != 0) continue;
        programs[i].run();
        return 0;
    }
    errx(2, "there is no such program");
}
