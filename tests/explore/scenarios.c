// The programs that the explorer runs: small on purpose, as it runs each in all
// ways. At most two tasks, and three threads: main, the executor, the reactor.
// Main plays whoever else may hold a waker. A sleep is some ticks long.
#define _GNU_SOURCE
#include "tests/register.h"
#include "tests/sim.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// What main and the tasks share
// ---------------------------------------------------------------------------

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct waker slots[2]; // wakers on their way from a task to main
static int said;              // what main has said to the tasks, or they to it

static void say(int what)
{
    pthread_mutex_lock(&mutex);
    said = what;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
}

static int heard(void)
{
    pthread_mutex_lock(&mutex);
    int what = said;
    pthread_mutex_unlock(&mutex);
    return what;
}

static void wait_for(int what)
{
    pthread_mutex_lock(&mutex);
    while (said != what) pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void put_waker(int slot, const struct waker *waker)
{
    struct waker latest = waker_clone(waker);

    pthread_mutex_lock(&mutex);
    struct waker replaced = slots[slot];
    slots[slot] = latest;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
    waker_drop(&replaced);
}

static void drop_slot(int slot)
{
    pthread_mutex_lock(&mutex);
    struct waker waker = waker_take(&slots[slot]);
    pthread_mutex_unlock(&mutex);
    waker_drop(&waker);
}

// Waits until there is one.
static struct waker take_waker(int slot)
{
    pthread_mutex_lock(&mutex);
    while (slots[slot].vtable == NULL) pthread_cond_wait(&changed, &mutex);
    struct waker waker = waker_take(&slots[slot]);
    pthread_mutex_unlock(&mutex);
    return waker;
}

// ---------------------------------------------------------------------------
// A task: what it does, and locals for all kinds of them
// ---------------------------------------------------------------------------

struct block {
    struct async async;
    struct poll (*body)(struct block *self, struct context *cx);
    int n, fd, *drops;
    int64_t start;
    struct future *children[2];
    struct task_joiner joiner;
    struct subscription sub;
    char buf[8];
};

static int polls[2]; // of the tasks with these numbers
static int drops[2];

static struct poll block_poll(struct future *future, struct context *cx)
{
    struct block *self = (struct block *)future;

    SIM_EQUAL(sim_free_on("executor"), true);
    SIM_EQUAL(drops[self->n], 0);
    polls[self->n]++;
    return self->body(self, cx);
}

static void block_drop(struct future *future)
{
    struct block *self = (struct block *)future;

    SIM_EQUAL(sim_free_on("executor"), true);
    async_drop(future);
    for (int i = 0; i < 2; i++) future_drop(self->children[i]);
    reactor_deregister_waker(&self->sub);
    task_joiner_drop(&self->joiner);
    drops[self->n]++;
}

static struct block *block(int n, struct poll (*body)(struct block *self,
                                                      struct context *cx))
{
    static const struct future_vtable vtable = { "block", block_poll,
                                                 block_drop };
    struct block *self = future_new(sizeof(*self), &vtable);

    self->n = n;
    self->body = body;
    return self;
}

static struct task_joiner spawn(int n, struct poll (*body)(struct block *self,
                                                           struct context *cx))
{
    return executor_spawn(&block(n, body)->async.future);
}

// Joins it, and a second look at the joiner must find nothing.
static intptr_t join(struct task_joiner *joiner)
{
    intptr_t value = task_joiner_join(joiner);

    task_joiner_drop(joiner);
    return value;
}

// What must be so when a task is over.
static void check_task(int n, int most_polls)
{
    SIM_EQUAL(polls[n] <= most_polls, true);
    SIM_EQUAL(drops[n], 1);
}

static struct future *sleep_ticks(int ticks)
{
    return timer_sleep((struct duration){ ticks * (int64_t)SIM_TICK });
}

// A tick may pass at any moment, so how late it may be has no bound.
static void check_slept(const struct block *self, int ticks)
{
    SIM_EQUAL(sim_now() >= self->start + ticks * (int64_t)SIM_TICK, true);
}

// ---------------------------------------------------------------------------
// wake: main wakes a task, at any moment
// ---------------------------------------------------------------------------

static struct poll be_woken(struct block *self, struct context *cx)
{
    put_waker(0, cx->waker);
    return heard() == 1 ? POLL_READY(self->n) : POLL_PENDING;
}

static void wake(void)
{
    struct task_joiner task = spawn(0, be_woken);
    struct waker waker = take_waker(0);

    say(1);
    waker_wake(&waker);
    SIM_EQUAL(join(&task), 0);
    drop_slot(0);
    check_task(0, 2);
}

// ---------------------------------------------------------------------------
// wake_in_poll: the wake comes for certain before the poll has returned
// ---------------------------------------------------------------------------

static struct poll wait_in_poll(struct block *self, struct context *cx)
{
    if (polls[0] == 2) return POLL_READY(self->n);
    put_waker(0, cx->waker);
    wait_for(1);
    return POLL_PENDING;
}

static void wake_in_poll(void)
{
    struct task_joiner task = spawn(0, wait_in_poll);
    struct waker waker = take_waker(0);

    waker_wake(&waker);
    say(1);
    SIM_EQUAL(join(&task), 0);
    check_task(0, 2);
}

// ---------------------------------------------------------------------------
// wake_twice: two wakers of one task, and what lies between the wakes
// ---------------------------------------------------------------------------

static struct poll be_woken_twice(struct block *self, struct context *cx)
{
    for (int slot = 0; slot < 2 && polls[0] == 1; slot++)
        put_waker(slot, cx->waker);
    return heard() == 2 ? POLL_READY(self->n) : POLL_PENDING;
}

static void wake_twice(void)
{
    struct task_joiner task = spawn(0, be_woken_twice);
    struct waker first = take_waker(0), second = take_waker(1);

    waker_wake(&first);
    say(2);
    waker_wake(&second);
    SIM_EQUAL(join(&task), 0);
    check_task(0, 3);
}

// ---------------------------------------------------------------------------
// wake_after_done: a waker outlives its task, and its joiner
// ---------------------------------------------------------------------------

static struct poll leave_waker(struct block *self, struct context *cx)
{
    put_waker(0, cx->waker);
    return POLL_READY(self->n);
}

static void wake_after_done(void)
{
    struct task_joiner task = spawn(1, leave_waker);
    struct waker waker = take_waker(0), clone = waker_clone(&waker);

    waker_wake(&waker);
    SIM_EQUAL(join(&task), 1);
    waker_wake(&clone);
    check_task(1, 1);
}

// ---------------------------------------------------------------------------
// turns: two tasks wake themselves, and each other's turn comes between
// ---------------------------------------------------------------------------

static char order[16];

static struct poll take_turns(struct block *self, struct context *cx)
{
    order[strlen(order)] = (char)('A' + self->n);
    if (polls[self->n] == 3) return POLL_READY(self->n);
    struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker);
    return POLL_PENDING;
}

static struct poll begin_turns(struct block *self, struct context *cx)
{
    if (polls[0] == 1) self->joiner = spawn(1, take_turns);
    return take_turns(self, cx);
}

static void turns(void)
{
    struct task_joiner task = spawn(0, begin_turns);

    SIM_EQUAL(join(&task), 0);
    sim_settle();
    SIM_EQUAL(strcmp(order, "ABABAB"), 0);
    check_task(0, 3);
    check_task(1, 3);
}

// ---------------------------------------------------------------------------
// woken_order: who is woken first is polled first, however often the other is
// ---------------------------------------------------------------------------

static struct poll note_order(struct block *self, struct context *cx)
{
    order[strlen(order)] = (char)('A' + self->n);
    if (polls[self->n] == 2) return POLL_READY(self->n);
    put_waker(self->n, cx->waker);
    return POLL_PENDING;
}

static void woken_order(void)
{
    struct task_joiner a = spawn(0, note_order), b = spawn(1, note_order);
    struct waker wakers[] = { take_waker(0), take_waker(1) };
    struct waker again = waker_clone(&wakers[0]);

    sim_settle();
    waker_wake(&wakers[0]);
    waker_wake(&wakers[1]);
    waker_wake(&again);
    SIM_EQUAL(join(&a), 0);
    SIM_EQUAL(join(&b), 1);
    SIM_EQUAL(strcmp(order, "ABAB"), 0);
}

// ---------------------------------------------------------------------------
// one_sleep
// ---------------------------------------------------------------------------

static struct poll sleep_once(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    self->start = sim_now();
    AWAIT(self, sleep_ticks(1 + self->n));
    SIM_EQUAL(self->async.value, 0);
    check_slept(self, 1 + self->n);
    ASYNC_END(self, self->n);
}

static void one_sleep(void)
{
    struct task_joiner task = spawn(0, sleep_once);

    SIM_EQUAL(join(&task), 0);
    check_task(0, 2);
}

// ---------------------------------------------------------------------------
// sleep_dropped: of two sleeps the shorter one wins, and the other is dropped
// ---------------------------------------------------------------------------

static struct poll drop_the_longer(struct block *self, struct context *cx)
{
    if (polls[0] == 1) {
        self->children[0] = sleep_ticks(1);
        self->children[1] = sleep_ticks(2);
    }
    struct poll shorter = await(&self->children[0], cx);
    return shorter.ready ? shorter : await(&self->children[1], cx);
}

static void sleep_dropped(void)
{
    struct task_joiner task = spawn(0, drop_the_longer);

    SIM_EQUAL(join(&task), 0);
    SIM_EQUAL(drops[0], 1);
}

// ---------------------------------------------------------------------------
// event: main writes, a task reads
// ---------------------------------------------------------------------------

static int fds[2];

static struct poll read_event(struct block *self, struct context *cx)
{
    uint64_t value;

    if (read(fds[0], &value, sizeof(value)) != -1)
        return POLL_READY(self->n + (int)value);
    SIM_EQUAL(errno, EAGAIN);
    return register_waker(&self->sub, fds[0], cx->waker, WAKEUP_READABLE);
}

static void write_event(uint64_t value)
{
    SIM_EQUAL(write(fds[0], &value, sizeof(value)), sizeof(value));
}

static void event(void)
{
    fds[0] = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);
    struct task_joiner task = spawn(0, read_event);

    write_event(1);
    SIM_EQUAL(join(&task), 1);
    check_task(0, 2);
    close(fds[0]);
}

// ---------------------------------------------------------------------------
// shared_fd: two tasks wait for one descriptor
// ---------------------------------------------------------------------------

static void shared_fd(void)
{
    fds[0] = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);
    struct task_joiner a = spawn(0, read_event), b = spawn(1, read_event);

    write_event(2);
    SIM_EQUAL(join(&a), 1);
    SIM_EQUAL(join(&b), 2);
    check_task(0, 3);
    check_task(1, 3);
    close(fds[0]);
}

// ---------------------------------------------------------------------------
// fd_reuse: a descriptor is closed, and its number goes to another at once,
// while the reactor may just have heard of an event for the first
// ---------------------------------------------------------------------------

static struct poll change_fd(struct block *self, struct context *cx)
{
    uint64_t value;

    if (polls[0] == 1) { // it is readable: the reactor wakes us, as we do
        struct waker waker = waker_clone(cx->waker);
        struct poll poll =
            register_waker(&self->sub, fds[0], cx->waker, WAKEUP_READABLE);
        waker_wake(&waker);
        return poll;
    }
    if (polls[0] == 2) {
        reactor_deregister_waker(&self->sub);
        close(fds[0]);
        fds[1] = eventfd(0, EFD_NONBLOCK);
        SIM_EQUAL(fds[1], fds[0]);
        say(1);
    }
    if (read(fds[1], &value, sizeof(value)) != -1) return POLL_READY(value);
    return register_waker(&self->sub, fds[1], cx->waker, WAKEUP_READABLE);
}

static void fd_reuse(void)
{
    fds[0] = eventfd(1, EFD_NONBLOCK);
    struct task_joiner task = spawn(0, change_fd);

    wait_for(1);
    write_event(5);
    SIM_EQUAL(join(&task), 5);
    SIM_EQUAL(drops[0], 1);
    close(fds[1]);
}

// ---------------------------------------------------------------------------
// datagram: two tasks wait for what main sends to one socket
// ---------------------------------------------------------------------------

static const struct socket_addr ports[] = {
    { .v4 = { AF_INET, 1, { 0 }, { 0 } }, .len = sizeof(struct sockaddr_in) },
    { .v4 = { AF_INET, 2, { 0 }, { 0 } }, .len = sizeof(struct sockaddr_in) },
};

static struct poll receive(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    AWAIT(self,
          udp_socket_recv_from(fds[0], self->buf, sizeof(self->buf), NULL));
    ASYNC_END(self, self->async.value);
}

static void send_datagram(void)
{
    SIM_EQUAL(sendto(fds[1], "abc", 3, 0, &ports[0].any, ports[0].len), 3);
}

static void datagrams(void)
{
    for (int i = 0; i < 2; i++) fds[i] = udp_socket_bind(&ports[i]);
    struct task_joiner a = spawn(0, receive), b = spawn(1, receive);

    send_datagram();
    sim_settle();
    send_datagram();
    SIM_EQUAL(join(&a), 3);
    SIM_EQUAL(join(&b), 3);
    for (int i = 0; i < 2; i++) close(fds[i]);
}

// ---------------------------------------------------------------------------
// awaited: a task awaits another, which main may make end at any moment
// ---------------------------------------------------------------------------

static struct poll await_other(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    self->joiner = spawn(0, be_woken);
    AWAIT(self, &self->joiner.future);
    SIM_EQUAL(drops[0], 1);
    ASYNC_END(self, self->async.value + 1);
}

static void awaited(void)
{
    struct task_joiner task = spawn(1, await_other);
    struct waker waker = take_waker(0);

    say(1);
    waker_wake(&waker);
    SIM_EQUAL(join(&task), 1);
    drop_slot(0);
    check_task(1, 2);
}

// ---------------------------------------------------------------------------
// joiner_dropped: while the task ends
// ---------------------------------------------------------------------------

static struct poll end_at_once(struct block *self, struct context *cx)
{
    (void)cx;
    return POLL_READY(self->n);
}

static void joiner_dropped(void)
{
    struct task_joiner a = spawn(0, end_at_once), b = spawn(1, end_at_once);

    task_joiner_drop(&a);
    SIM_EQUAL(join(&b), 1);
    SIM_EQUAL(drops[0], 1); // it was first in the queue
    check_task(1, 1);
}

// ---------------------------------------------------------------------------
// opposite_locks: wrong on purpose, to see that the explorer finds it
// ---------------------------------------------------------------------------

static pthread_mutex_t locks[] = { PTHREAD_MUTEX_INITIALIZER,
                                   PTHREAD_MUTEX_INITIALIZER };

static void lock_both(int first)
{
    pthread_mutex_lock(&locks[first]);
    pthread_mutex_lock(&locks[1 - first]);
    pthread_mutex_unlock(&locks[1 - first]);
    pthread_mutex_unlock(&locks[first]);
}

static struct poll lock_them(struct block *self, struct context *cx)
{
    (void)cx;
    lock_both(1);
    return POLL_READY(self->n);
}

static void opposite_locks(void)
{
    struct task_joiner task = spawn(0, lock_them);

    lock_both(0);
    join(&task);
}

// unlocked: wrong on purpose too: a task and main change a number with no lock.
static int shared_number;

static struct poll count_up(struct block *self, struct context *cx)
{
    (void)cx;
    shared_number++;
    return POLL_READY(self->n);
}

static void unlocked(void)
{
    struct task_joiner task = spawn(0, count_up);

    shared_number++;
    join(&task);
}

#define SCENARIO(name)     \
    {                      \
#name, name, false \
    }

const struct scenario explore_scenarios[] = {
    SCENARIO(wake),
    SCENARIO(wake_in_poll),
    SCENARIO(wake_twice),
    SCENARIO(wake_after_done),
    SCENARIO(turns),
    SCENARIO(woken_order),
    SCENARIO(one_sleep),
    SCENARIO(sleep_dropped),
    SCENARIO(event),
    SCENARIO(shared_fd),
    SCENARIO(fd_reuse),
    SCENARIO(datagrams),
    SCENARIO(awaited),
    SCENARIO(joiner_dropped),
    { "opposite_locks", opposite_locks, true },
    { "unlocked", unlocked, true },
    { NULL, NULL, false },
};
