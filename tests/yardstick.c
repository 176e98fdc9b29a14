// The yardstick: what the workloads of the benchmark cost on a loop of trale's
// design that a C programmer would write for just these workloads.
//
// What it has of the design. An executor thread takes one task at a time from
// a run-queue, first in, first out, and calls it; it sleeps on a condition
// variable. A reactor thread sleeps in epoll_wait and puts the tasks whose
// descriptors are ready on the run-queue, one by one. One mutex guards the
// queue. A thread joins a task on a condition variable. Each task is one
// allocation; so is each sleep and each receive. A sleep is a timerfd of its
// own, armed with an absolute time. Any thread may make a task runnable.
//
// What it leaves out, because the workloads do not need it. There are no
// futures, wakers and vtables: a task is a callback and the few variables that
// it works with, a wait knows its task. A task is woken only by the one thing
// that it waits for, so nobody counts references or guards against a second
// wake, and a wake means that it is time: no clock is read again. Nothing is
// cancelled. So a socket stays in the epoll set for good, and each wait only
// arms it once more (EPOLLONESHOT, EPOLL_CTL_MOD), and a timerfd leaves the set
// by being closed. Nobody awaits a task inside a task. A send never waits.
// What fails ends the program.
//
// What it does for speed. It signals the executor thread only if that sleeps,
// and not while holding the lock that the other would wake up to take. The
// table of descriptors is made large before there is a second thread: growing
// one that threads share takes the kernel milliseconds.
#define _GNU_SOURCE // for F_DUPFD_CLOEXEC and the like
#include "tests/yardstick.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NANOS_PER_SEC INT64_C(1000000000)

// ---------------------------------------------------------------------------
// The executor
// ---------------------------------------------------------------------------

// The first member of every task.
struct task {
    struct task *next;               // on the run-queue
    void (*step)(struct task *task); // goes on with it, on the executor
    pthread_cond_t *joining;         // of the thread that joins it, or NULL
    bool done;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t runnable = PTHREAD_COND_INITIALIZER;
static struct task *first, **end = &first; // the run-queue
static bool idle; // the executor sleeps and was not signalled yet

static int epoll;

static void *allocate(size_t size)
{
    void *memory = malloc(size);

    if (memory == NULL) err(1, "malloc");
    return memory;
}

// Any thread may call this, but only one for each time that the task waits.
static void make_runnable(struct task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&lock);
    *end = task;
    end = &task->next;
    bool signal = idle;
    idle = false;
    pthread_mutex_unlock(&lock);
    if (signal) pthread_cond_signal(&runnable);
}

static void *executor_loop(void *unused)
{
    for (;;) {
        pthread_mutex_lock(&lock);
        while (first == NULL) {
            idle = true;
            pthread_cond_wait(&runnable, &lock);
        }
        struct task *task = first;
        first = task->next;
        if (first == NULL) end = &first;
        pthread_mutex_unlock(&lock);
        task->step(task);
    }
    return unused; // never
}

// The last thing that a task's step does. Whoever joins it frees it.
static void finish(struct task *task)
{
    pthread_mutex_lock(&lock);
    task->done = true;
    if (task->joining != NULL) pthread_cond_signal(task->joining);
    pthread_mutex_unlock(&lock);
}

static void join(struct task *task)
{
    pthread_cond_t finished = PTHREAD_COND_INITIALIZER;

    pthread_mutex_lock(&lock);
    task->joining = &finished;
    while (!task->done) pthread_cond_wait(&finished, &lock);
    pthread_mutex_unlock(&lock);
    free(task);
}

// ---------------------------------------------------------------------------
// The reactor
// ---------------------------------------------------------------------------

static void *reactor_loop(void *unused)
{
    struct epoll_event events[64];

    for (;;) {
        int n = epoll_wait(epoll, events, 64, -1);
        if (n == -1 && errno != EINTR) err(1, "epoll_wait");
        for (int i = 0; i < n; i++) make_runnable(*(void **)events[i].data.ptr);
    }
    return unused; // never
}

// Makes a task runnable, once, when fd is readable. What `wait` points to
// begins with a pointer to that task.
static void wait_readable(int op, int fd, void *wait)
{
    struct epoll_event event = { EPOLLIN | EPOLLONESHOT, { .ptr = wait } };

    if (epoll_ctl(epoll, op, fd, &event) == -1) err(1, "epoll_ctl");
}

static void start(void)
{
    struct rlimit limit;
    pthread_t thread;
    static bool started;

    if (started) return;
    started = true;
    if (getrlimit(RLIMIT_NOFILE, &limit) == -1) err(1, "getrlimit");
    int high = limit.rlim_cur < 16384 ? (int)limit.rlim_cur : 16384;
    int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, high - 1);
    if (fd != -1) close(fd);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1) err(1, "epoll_create1");
    if (pthread_create(&thread, NULL, executor_loop, NULL) != 0 ||
        pthread_create(&thread, NULL, reactor_loop, NULL) != 0)
        errx(1, "cannot start a thread");
}

// A task of that size, at its first step once it is made runnable.
static void *new_task(size_t size, void (*step)(struct task *task))
{
    struct task *task = allocate(size);

    start();
    task->step = step;
    task->joining = NULL;
    task->done = false;
    return task;
}

// ---------------------------------------------------------------------------
// W1: tasks that end at once
// ---------------------------------------------------------------------------

static void w1(long n)
{
    struct task **tasks = allocate((size_t)n * sizeof(*tasks));

    for (long i = 0; i < n; i++) {
        tasks[i] = new_task(sizeof(struct task), finish);
        make_runnable(tasks[i]);
    }
    for (long i = 0; i < n; i++) join(tasks[i]);
    free(tasks);
}

// ---------------------------------------------------------------------------
// W2: yields
// ---------------------------------------------------------------------------

struct yielder {
    struct task task;
    long left;
};

static void yielder_step(struct task *task)
{
    if (((struct yielder *)task)->left-- > 0)
        make_runnable(task);
    else
        finish(task);
}

static void yields(int count, long n)
{
    struct yielder *yielders[100];

    for (int i = 0; i < count; i++) {
        yielders[i] = new_task(sizeof(struct yielder), yielder_step);
        yielders[i]->left = n / count + (i < n % count);
        make_runnable(&yielders[i]->task);
    }
    for (int i = 0; i < count; i++) join(&yielders[i]->task);
}

static void w2a(long n)
{
    yields(1, n);
}

static void w2b(long n)
{
    yields(100, n);
}

// ---------------------------------------------------------------------------
// W3: sleeps
// ---------------------------------------------------------------------------

struct sleep {
    struct task *task; // first, see wait_readable
    int fd;
};

struct sleeper {
    struct task task;
    struct sleep *sleep; // or NULL
    int64_t nanos;
    long left;
};

static int64_t now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NANOS_PER_SEC + now.tv_nsec;
}

static struct sleep *sleep_until(struct task *task, int64_t time)
{
    struct itimerspec at = { .it_value = { time / NANOS_PER_SEC,
                                           time % NANOS_PER_SEC } };
    struct sleep *sleep = allocate(sizeof(*sleep));

    sleep->task = task;
    sleep->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (sleep->fd == -1) err(1, "timerfd_create");
    if (timerfd_settime(sleep->fd, TFD_TIMER_ABSTIME, &at, NULL) == -1)
        err(1, "timerfd_settime");
    wait_readable(EPOLL_CTL_ADD, sleep->fd, sleep);
    return sleep;
}

static void sleeper_step(struct task *task)
{
    struct sleeper *self = (struct sleeper *)task;

    if (self->sleep != NULL) {
        close(self->sleep->fd);
        free(self->sleep);
        self->sleep = NULL;
    }
    if (self->left-- > 0)
        self->sleep = sleep_until(task, now() + self->nanos);
    else
        finish(task);
}

static struct task *spawn_sleeper(int64_t nanos, long times)
{
    struct sleeper *sleeper = new_task(sizeof(*sleeper), sleeper_step);

    sleeper->sleep = NULL;
    sleeper->nanos = nanos;
    sleeper->left = times;
    make_runnable(&sleeper->task);
    return &sleeper->task;
}

static void w3(long n)
{
    struct task **tasks = allocate((size_t)n * sizeof(*tasks));

    for (long i = 0; i < n; i++) tasks[i] = spawn_sleeper(10000000, 1);
    for (long i = 0; i < n; i++) join(tasks[i]);
    free(tasks);
}

static void w3s(long n)
{
    join(spawn_sleeper(1000, n));
}

// ---------------------------------------------------------------------------
// W4: datagrams to and fro
// ---------------------------------------------------------------------------

struct receive {
    struct task *task; // first, see wait_readable
};

struct peer {
    struct task task;
    struct receive *receive; // or NULL
    struct peer *other;
    bool sends; // otherwise it receives
    int op;     // how to arm the socket
    int fd;
    struct sockaddr_in addr;
    long left; // datagrams to send, and as many to receive
    char buf[64];
};

// Returns false if the task has to wait.
static bool peer_receive(struct peer *self)
{
    struct sockaddr_in from;
    socklen_t len = sizeof(from);

    if (self->receive == NULL) {
        self->receive = allocate(sizeof(*self->receive));
        self->receive->task = &self->task;
    }
    ssize_t n = recvfrom(self->fd, self->buf, sizeof(self->buf), MSG_TRUNC,
                         (struct sockaddr *)&from, &len);
    if (n == -1 && errno == EAGAIN) {
        int op = self->op;
        self->op = EPOLL_CTL_MOD;
        wait_readable(op, self->fd, self->receive);
        return false;
    }
    if (n != sizeof(self->buf)) err(1, "recvfrom");
    free(self->receive);
    self->receive = NULL;
    return true;
}

static void peer_send(struct peer *self)
{
    if (sendto(self->fd, self->buf, sizeof(self->buf), 0,
               (struct sockaddr *)&self->other->addr,
               sizeof(self->other->addr)) != sizeof(self->buf))
        err(1, "sendto");
}

// One of the two begins with sending, the other with receiving.
static void peer_step(struct task *task)
{
    struct peer *self = (struct peer *)task;

    for (; self->left > 0; self->sends = !self->sends) {
        if (self->sends)
            peer_send(self);
        else if (!peer_receive(self))
            return;
        self->left--;
    }
    close(self->fd);
    finish(task);
}

static struct peer *new_peer(long n)
{
    struct peer *peer = new_task(sizeof(*peer), peer_step);
    socklen_t len = sizeof(peer->addr);

    memset(&peer->addr, 0, sizeof(peer->addr));
    peer->addr.sin_family = AF_INET;
    peer->addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr *addr = (struct sockaddr *)&peer->addr;
    if (peer->fd == -1 || bind(peer->fd, addr, len) == -1 ||
        getsockname(peer->fd, addr, &len) == -1)
        err(1, "socket");
    peer->receive = NULL;
    peer->op = EPOLL_CTL_ADD;
    peer->left = 2 * n;
    memset(peer->buf, 'x', sizeof(peer->buf));
    return peer;
}

static void w4(long n)
{
    struct peer *peers[2] = { new_peer(n), new_peer(n) };

    for (int i = 0; i < 2; i++) {
        peers[i]->other = peers[!i];
        peers[i]->sends = i == 0;
    }
    for (int i = 0; i < 2; i++) make_runnable(&peers[i]->task);
    for (int i = 0; i < 2; i++) join(&peers[i]->task);
}

// ---------------------------------------------------------------------------
// W5: parked tasks
// ---------------------------------------------------------------------------

// What a wait for something other than a descriptor would be.
struct wait {
    struct task *task;
};

struct parked {
    struct task task;
    struct wait *wait;
};

static void parked_step(struct task *task)
{
    struct parked *self = (struct parked *)task;

    self->wait = allocate(sizeof(*self->wait));
    self->wait->task = task; // and now it waits for ever
}

static void w5(long n)
{
    static struct parked **tasks; // static: else nobody could wake them
    tasks = allocate((size_t)n * sizeof(*tasks));

    for (long i = 0; i < n; i++) {
        tasks[i] = new_task(sizeof(struct parked), parked_step);
        make_runnable(&tasks[i]->task);
    }
    w1(1); // the queue is first in, first out: when this is done they all wait
}

const struct workload yardstick[] = { { "w1", w1 },   { "w2a", w2a },
                                      { "w2b", w2b }, { "w3", w3 },
                                      { "w3s", w3s }, { "w4", w4 },
                                      { "w5", w5 },   { NULL, NULL } };
