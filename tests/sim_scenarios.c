// The programs that the simulator runs on trale, one for each way in which
// threads can meet in it. Each says exactly what must come out, whoever runs
// first. They use trale.h, pthread and eventfd as any program would.
#define _GNU_SOURCE
#include "examples/futures/spawn.h"
#include "examples/hosts/local_executor.h"
#include "examples/trace/trace.h"
#include "sim.h"
#include "tests/register.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// What the threads of a scenario share. Each run has a process of its own, so
// all of it is zero at first.
// ---------------------------------------------------------------------------

enum { SLOTS = 8 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct waker slots[SLOTS]; // wakers on their way to other threads
static int sum;                   // of whatever the scenario counts
static char order[64];            // who came when: a letter each; executor only

// Adds to the sum, tells those who wait for it, and returns what it is now.
static int add(int n)
{
    pthread_mutex_lock(&mutex);
    n = sum += n;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    return n;
}

static void wait_for_sum(int n)
{
    pthread_mutex_lock(&mutex);
    while (sum < n) pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

// Leaves a clone of the waker in the slot, in place of the one that was there.
static void put_waker(int slot, const struct waker *waker)
{
    struct waker latest = waker_clone(waker);

    pthread_mutex_lock(&mutex);
    struct waker replaced = slots[slot];
    slots[slot] = latest;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    waker_drop(&replaced);
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

// Wakes the one that is there, if any.
static void wake_slot(int slot)
{
    pthread_mutex_lock(&mutex);
    struct waker waker = waker_take(&slots[slot]);
    pthread_mutex_unlock(&mutex);
    waker_wake(&waker);
}

struct foreign {
    pthread_t id;
    void (*body)(int n);
    int n;
};

static void *foreign_main(void *arg)
{
    struct foreign *self = arg;

    self->body(self->n);
    return NULL;
}

// A thread of the scenario's own.
static void start(struct foreign *self, void (*body)(int n), int n)
{
    *self = (struct foreign){ .body = body, .n = n };
    SIM_EQUAL(pthread_create(&self->id, NULL, foreign_main, self), 0);
}

static void finish(struct foreign *self)
{
    SIM_EQUAL(pthread_join(self->id, NULL), 0);
}

// ---------------------------------------------------------------------------
// Futures
// ---------------------------------------------------------------------------

// What has happened to one. It outlives it.
struct counts {
    int polls, drops;
};

// The name of the thread that polls and drops them.
static const char *home = "executor";

// An async block, or a future whose poll is written out: what it does, and
// locals for all kinds of them.
struct block {
    struct async async;
    struct poll (*body)(struct block *self, struct context *cx);
    struct counts *counts, own;
    int n, i;
    int64_t start, nanos;
    bool second_won;
    struct task_joiner joiners[2];
    struct socket_addr source;
};

static struct poll block_poll(struct future *future, struct context *cx)
{
    struct block *self = (struct block *)future;

    SIM_EQUAL(sim_free_on(home), true);
    SIM_EQUAL(self->counts->drops, 0);
    self->counts->polls++;
    return self->body(self, cx);
}

static void block_drop(struct future *future)
{
    struct block *self = (struct block *)future;

    SIM_EQUAL(sim_free_on(home), true);
    async_drop(future);
    for (int i = 0; i < 2; i++) task_joiner_drop(&self->joiners[i]);
    self->counts->drops++;
}

// The counts may be NULL.
static struct future *block(struct poll (*body)(struct block *self,
                                                struct context *cx),
                            int n, struct counts *counts)
{
    static const struct future_vtable vtable = { "block", block_poll,
                                                 block_drop };
    struct block *self = future_new(sizeof(*self), &vtable);

    self->body = body;
    self->counts = counts != NULL ? counts : &self->own;
    self->n = n;
    return &self->async.future;
}

// Joins the task, and that has used up the joiner.
static intptr_t join(struct task_joiner *joiner)
{
    intptr_t value = task_joiner_join(joiner);

    SIM_EQUAL(joiner->task == NULL && joiner->future.done, true);
    return value;
}

static void check_counts(int line, struct counts counts, int polls)
{
    sim_equal(line, "polls", counts.polls, polls);
    sim_equal(line, "drops", counts.drops, 1);
}

// Short, in the size of steps or far above, and often nothing.
static int64_t random_nanos(void)
{
    static const int units[] = { 1, 100, 10000 };

    return sim_random(8) * units[sim_random(3)];
}

static struct future *sleep_for(int64_t nanos)
{
    return timer_sleep((struct duration){ nanos });
}

// The leaf future of an eventfd: ready with what it has read.
struct event_read {
    struct future future;
    struct subscription sub;
    int fd;
    int *polls;
};

static struct poll event_read_poll(struct future *future, struct context *cx)
{
    struct event_read *self = (struct event_read *)future;
    uint64_t value;

    ++*self->polls;
    if (read(self->fd, &value, sizeof(value)) != -1) return POLL_READY(value);
    SIM_EQUAL(errno, EAGAIN);
    return register_waker(&self->sub, self->fd, cx->waker, WAKEUP_READABLE);
}

static void event_read_drop(struct future *future)
{
    reactor_deregister_waker(&((struct event_read *)future)->sub);
}

// Counts its polls in *polls.
static struct future *event_read(int fd, int *polls)
{
    static const struct future_vtable vtable = { "event_read", event_read_poll,
                                                 event_read_drop };
    struct event_read *self = future_new(sizeof(*self), &vtable);

    self->fd = fd;
    self->polls = polls;
    return &self->future;
}

static void event_write(int fd, uint64_t value)
{
    SIM_EQUAL(write(fd, &value, sizeof(value)), sizeof(value));
}

// Two futures at a time. A join is ready with 0 once both are. A select is
// ready with the value of one, and the other is dropped.
struct both {
    struct future future;
    struct future *children[2];
    bool *second_won; // of a select; NULL: a join
};

static struct poll both_poll(struct future *future, struct context *cx)
{
    struct both *self = (struct both *)future;
    bool ready = true;

    for (int i = 0; i < 2; i++) {
        if (self->children[i] == NULL) continue;
        struct poll poll = await(&self->children[i], cx);
        ready &= poll.ready;
        if (!poll.ready || self->second_won == NULL) continue;
        *self->second_won = i == 1;
        return poll;
    }
    return ready ? POLL_READY(0) : POLL_PENDING;
}

static void both_drop(struct future *future)
{
    for (int i = 0; i < 2; i++)
        future_drop(((struct both *)future)->children[i]);
}

static struct future *both(struct future *first, struct future *second,
                           bool *second_won)
{
    static const struct future_vtable vtable = { "both", both_poll, both_drop };
    struct both *self = future_new(sizeof(*self), &vtable);

    self->children[0] = first;
    self->children[1] = second;
    self->second_won = second_won;
    return &self->future;
}

// ---------------------------------------------------------------------------
// double_wake: a task is woken twice, by two threads and by one
// ---------------------------------------------------------------------------

static void arrive_and_wake(int slot)
{
    struct waker waker = take_waker(slot);

    add(1);
    waker_wake(&waker);
}

// Ready once both have arrived.
static struct poll meet(struct block *self, struct context *cx)
{
    for (int i = 0; i < 2 && self->counts->polls == 1; i++)
        put_waker(i, cx->waker);
    return add(0) == 2 ? POLL_READY(7) : POLL_PENDING;
}

// Pending with its waker in slot n, but ready at its third poll.
static struct poll bystand(struct block *self, struct context *cx)
{
    order[strlen(order)] = (char)('A' + self->n);
    if (self->counts->polls == 3) return POLL_READY(self->n);
    put_waker(self->n, cx->waker);
    return POLL_PENDING;
}

// Wakes A, then B, then A again. We are the one on the executor thread, so
// neither is polled before all three.
static struct poll wake_three(struct block *self, struct context *cx)
{
    struct waker again = waker_clone(&slots[0]);

    (void)cx;
    wake_slot(0);
    wake_slot(1);
    waker_wake(&again);
    return POLL_READY(self->n);
}

static void double_wake(void)
{
    struct counts m = { 0, 0 }, a = { 0, 0 }, b = { 0, 0 };
    struct foreign threads[2];

    for (int i = 0; i < 2; i++) start(&threads[i], arrive_and_wake, i);
    SIM_EQUAL(executor_block_on(block(meet, 0, &m)), 7);
    for (int i = 0; i < 2; i++) finish(&threads[i]);
    SIM_EQUAL(m.polls <= 3, true);
    check_counts(__LINE__, m, m.polls);

    // One more poll for each, in the order in which they were first woken.
    struct task_joiner task_a = executor_spawn(block(bystand, 0, &a));
    struct task_joiner task_b = executor_spawn(block(bystand, 1, &b));
    sim_settle();
    executor_block_on(block(wake_three, 0, NULL));
    sim_settle();
    SIM_EQUAL(strcmp(order, "ABAB"), 0);
    wake_slot(0);
    wake_slot(1);
    SIM_EQUAL(join(&task_a), 0);
    SIM_EQUAL(join(&task_b), 1);
    check_counts(__LINE__, a, 3);
    check_counts(__LINE__, b, 3);
}

// ---------------------------------------------------------------------------
// wake_in_poll: the wake comes before the poll has returned
// ---------------------------------------------------------------------------

static void wake_each(int wakes)
{
    for (int i = 0; i < wakes; i++) {
        struct waker waker = take_waker(0);
        waker_wake(&waker);
        add(1);
    }
}

// Is woken for each poll, and often waits for that before it returns. The last
// one is ready, so that wake must change nothing.
static struct poll be_woken(struct block *self, struct context *cx)
{
    put_waker(0, cx->waker);
    if (sim_random(3) != 0) wait_for_sum(self->counts->polls);
    return self->counts->polls < 3 ? POLL_PENDING : POLL_READY(3);
}

static void wake_in_poll(void)
{
    struct counts counts = { 0, 0 };
    struct foreign thread;

    start(&thread, wake_each, 3);
    SIM_EQUAL(executor_block_on(block(be_woken, 0, &counts)), 3);
    finish(&thread);
    sim_settle();
    check_counts(__LINE__, counts, 3);
}

// ---------------------------------------------------------------------------
// wake_after_done: wakers outlive their task
// ---------------------------------------------------------------------------

// Does with a waker what can be done with one.
static void use_waker(int slot)
{
    struct waker waker = take_waker(slot);

    for (int i = sim_random(4); i > 0; i--) {
        struct waker clone = waker_clone(&waker);
        (sim_random(2) == 0 ? waker_wake : waker_drop)(&clone);
    }
    waker_wake(&waker);
}

static struct poll give_wakers_away(struct block *self, struct context *cx)
{
    for (int slot = 1; slot <= 3; slot++) put_waker(slot, cx->waker);
    return POLL_READY(self->n);
}

static void wake_after_done(void)
{
    struct counts counts = { 0, 0 }, bystander = { 0, 0 };
    struct task_joiner task = executor_spawn(block(bystand, 0, &bystander));
    struct foreign threads[2];

    for (int i = 0; i < 2; i++) start(&threads[i], use_waker, i + 1);
    SIM_EQUAL(executor_block_on(block(give_wakers_away, 5, &counts)), 5);
    for (int i = 0; i < 2; i++) finish(&threads[i]);
    sim_settle();
    use_waker(3); // the last one: now it goes
    for (int polls = 1; polls <= 3; polls++) {
        sim_settle();
        SIM_EQUAL(bystander.polls, polls);
        wake_slot(0);
    }
    SIM_EQUAL(join(&task), 0);
    check_counts(__LINE__, counts, 1);
}

// ---------------------------------------------------------------------------
// join_equal_timers: a task waits for two sleeps at a time
// ---------------------------------------------------------------------------

static struct poll sleep_twice(struct block *self, struct context *cx)
{
    int64_t first, second;

    ASYNC_BEGIN(self);
    for (self->i = 0; self->i < 2; self->i++) {
        first = random_nanos();
        second = sim_random(3) == 0 ? random_nanos() : first;
        self->start = sim_now();
        self->nanos = first > second ? first : second;
        AWAIT(self, both(sleep_for(first), sleep_for(second), NULL));
        SIM_EQUAL(self->async.value, 0);
        SIM_EQUAL(sim_late(self->start + self->nanos), 0);
    }
    ASYNC_END(self, self->n);
}

static void join_equal_timers(void)
{
    struct task_joiner tasks[3];

    for (int i = 0; i < 3; i++)
        tasks[i] = executor_spawn(block(sleep_twice, i, NULL));
    for (int i = 0; i < 3; i++) SIM_EQUAL(join(&tasks[i]), i);
}

// ---------------------------------------------------------------------------
// select_and_drop: what loses is dropped, at whatever moment
// ---------------------------------------------------------------------------

enum { READERS = 2, EVENTS = 6 };

static int polled; // event_read's, where nobody asks how often

// Reads events, one at a time, and gives up each time after a while, until
// readers have had all of them. Returns how many it was here.
static struct poll read_or_sleep(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    while (add(0) < EVENTS) {
        self->start = sim_now();
        self->nanos = 100 + random_nanos();
        AWAIT(self, both(event_read(self->n, &polled), sleep_for(self->nanos),
                         &self->second_won));
        if (self->second_won) {
            SIM_EQUAL(sim_late(self->start + self->nanos), 0);
            continue;
        }
        SIM_EQUAL(self->async.value, 1);
        add(1);
        self->i++;
    }
    ASYNC_END(self, self->i);
}

static void write_now_and_then(int fd)
{
    for (int i = 0; i < EVENTS; i++) {
        sim_sleep(random_nanos());
        event_write(fd, 1);
    }
}

static void select_and_drop(void)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE), reads = 0;
    struct task_joiner tasks[READERS];
    struct foreign thread;

    start(&thread, write_now_and_then, fd);
    for (int i = 0; i < READERS; i++)
        tasks[i] = executor_spawn(block(read_or_sleep, fd, NULL));
    for (int i = 0; i < READERS; i++) reads += (int)join(&tasks[i]);
    SIM_EQUAL(reads, EVENTS);
    finish(&thread);
    close(fd);
}

// ---------------------------------------------------------------------------
// fd_reuse: a descriptor is closed, and its number goes to another at once
// ---------------------------------------------------------------------------

static int reused, polls_of_next; // the descriptor; the polls of its new owner

static void write_and_tell(int fd)
{
    event_write(fd, 1);
    add(1);
    wake_slot(0);
}

// Leaves its waker behind before it looks, so no wake falls in between.
static struct poll be_told(struct block *self, struct context *cx)
{
    put_waker(0, cx->waker);
    return add(0) > self->n ? POLL_READY(0) : POLL_PENDING;
}

// Waits until it is told, or for the event. Then closes the descriptor and lets
// another task wait for one of the same number, while the reactor may just have
// heard of the event.
static struct poll close_and_reopen(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    AWAIT(self, both(block(be_told, self->n, NULL), event_read(reused, &polled),
                     &self->second_won));
    self->i = reused;
    close(reused);
    reused = eventfd(0, EFD_NONBLOCK);
    SIM_EQUAL(reused, self->i);
    self->joiners[0] = executor_spawn(event_read(reused, &polls_of_next));
    AWAIT(self, &self->joiners[0].future);
    ASYNC_END(self, self->async.value);
}

static void fd_reuse(void)
{
    for (int round = 0; round < 4; round++) {
        struct foreign thread;
        polls_of_next = 0;
        reused = eventfd(0, EFD_NONBLOCK);
        struct task_joiner task =
            executor_spawn(block(close_and_reopen, round, NULL));
        if (sim_random(4) != 0) sim_settle(); // it waits, mostly
        start(&thread, write_and_tell, reused);
        finish(&thread);
        sim_settle();
        SIM_EQUAL(polls_of_next, 1); // the other's event was not for it
        event_write(reused, 5);
        SIM_EQUAL(join(&task), 5);
        SIM_EQUAL(polls_of_next, 2);
        wake_slot(0);
        close(reused);
    }
}

// ---------------------------------------------------------------------------
// many_yielders: tasks that wake themselves take turns
// ---------------------------------------------------------------------------

enum { YIELDERS = 5, TURNS = 8 };

static struct task_joiner yielders[YIELDERS];
static struct counts yields[YIELDERS];
static int woken_at, polled_at; // of a task beside them: after so many polls

static struct poll yield(struct block *self, struct context *cx)
{
    order[add(1) - 1] = (char)('A' + self->n);
    if (self->counts->polls == TURNS) return POLL_READY(self->n);
    struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker);
    return POLL_PENDING;
}

// Spawns all before any is polled.
static struct poll spawn_yielders(struct block *self, struct context *cx)
{
    (void)cx;
    for (int i = 0; i < YIELDERS; i++)
        yielders[i] = executor_spawn(block(yield, i, &yields[i]));
    return POLL_READY(self->n);
}

static struct poll stand_beside(struct block *self, struct context *cx)
{
    if (self->counts->polls == 1) put_waker(0, cx->waker);
    polled_at = add(0);
    return self->counts->polls == 1 ? POLL_PENDING : POLL_READY(0);
}

static void wake_beside(int slot)
{
    struct waker waker = take_waker(slot);

    waker_wake(&waker);
    woken_at = add(0);
}

static void many_yielders(void)
{
    struct counts beside = { 0, 0 };
    struct task_joiner task = executor_spawn(block(stand_beside, 0, &beside));
    struct foreign thread;

    start(&thread, wake_beside, 0);
    executor_block_on(block(spawn_yielders, 0, NULL));
    for (int i = 0; i < YIELDERS; i++) {
        SIM_EQUAL(join(&yielders[i]), i);
        check_counts(__LINE__, yields[i], TURNS);
    }
    for (int i = 0; i < YIELDERS * TURNS; i++)
        SIM_EQUAL(order[i], 'A' + i % YIELDERS);
    join(&task);
    finish(&thread);
    // Each of them once before it, and one was perhaps just being polled.
    SIM_EQUAL(polled_at - woken_at <= YIELDERS + 1, true);
    check_counts(__LINE__, beside, 2);
}

// ---------------------------------------------------------------------------
// spawn_storm: threads and tasks spawn at once, from the very first use on
// ---------------------------------------------------------------------------

enum { SPAWNERS = 3, PARENTS = 2 };

// Sleeps, then counts itself.
static struct poll be_child(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    AWAIT(self, sleep_for(random_nanos()));
    add(1);
    ASYNC_END(self, self->n);
}

// Has three children: one detached, two awaited.
static struct poll be_parent(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    for (self->i = 2; self->i >= 0; self->i--) {
        task_joiner_drop(&self->joiners[0]);
        self->joiners[0] = self->joiners[1];
        self->joiners[1] = executor_spawn(block(be_child, self->i, NULL));
    }
    AWAIT(self, &self->joiners[0].future);
    SIM_EQUAL(self->async.value, 1);
    AWAIT(self, &self->joiners[1].future);
    SIM_EQUAL(self->async.value, 0);
    ASYNC_END(self, self->n);
}

static void spawn_parents(int n)
{
    struct task_joiner tasks[PARENTS];

    for (int i = 0; i < PARENTS; i++)
        tasks[i] = executor_spawn(block(be_parent, n + i, NULL));
    for (int i = 0; i < PARENTS; i++) SIM_EQUAL(join(&tasks[i]), n + i);
}

static void spawn_storm(void)
{
    struct foreign threads[SPAWNERS];

    for (int i = 0; i < SPAWNERS; i++) start(&threads[i], spawn_parents, i);
    for (int i = 0; i < SPAWNERS; i++) finish(&threads[i]);
    wait_for_sum(SPAWNERS * PARENTS * 3);
    SIM_EQUAL(sim_threads("executor"), 1);
    SIM_EQUAL(sim_threads("reactor") <= 1, true); // 0 if all slept for 0 ns
}

// ---------------------------------------------------------------------------
// foreign_wakers: threads keep wakers, and wake, clone and drop them
// ---------------------------------------------------------------------------

enum { SENDERS = 3, ITEMS = 3 };

// A channel's receiver. Its latest waker is in slot 0, for whoever sends; each
// sender has one of its own besides, from the first poll.
static struct poll receive(struct block *self, struct context *cx)
{
    for (int i = 1; i <= SENDERS && self->counts->polls == 1; i++)
        put_waker(i, cx->waker);
    put_waker(0, cx->waker);
    return add(0) == SENDERS * ITEMS ? POLL_READY(0) : POLL_PENDING;
}

static void send_items(int slot)
{
    for (int i = 0; i < ITEMS; i++) {
        add(1);
        wake_slot(0);
    }
    use_waker(slot);
}

static void foreign_wakers(void)
{
    struct counts counts = { 0, 0 };
    struct foreign threads[SENDERS];

    for (int i = 0; i < SENDERS; i++) start(&threads[i], send_items, i + 1);
    SIM_EQUAL(executor_block_on(block(receive, 0, &counts)), 0);
    int polls = counts.polls;
    SIM_EQUAL(polls <= 1 + SENDERS * (ITEMS + 4), true); // one for each wake
    for (int i = 0; i < SENDERS; i++) finish(&threads[i]);
    wake_slot(0);
    sim_settle();
    check_counts(__LINE__, counts, polls);
}

// ---------------------------------------------------------------------------
// joiner_dropped: at any moment, by a thread or by a task that awaits it
// ---------------------------------------------------------------------------

static struct counts works[4];
static struct task_joiner handed_over;

static struct poll work(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    AWAIT(self, sleep_for(random_nanos()));
    AWAIT(self, block(be_child, self->n, NULL));
    ASYNC_END(self, self->async.value);
}

static struct poll await_or_sleep(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    self->joiners[0] = executor_spawn(block(work, 2, &works[2]));
    AWAIT(self, both(&self->joiners[0].future, sleep_for(random_nanos()),
                     &self->second_won));
    SIM_EQUAL(self->async.value, self->second_won ? 0 : 2);
    SIM_EQUAL(self->joiners[0].task == NULL, true);
    ASYNC_END(self, 0);
}

static void drop_joiner(int n)
{
    sim_sleep(n * random_nanos());
    task_joiner_drop(&handed_over);
    SIM_EQUAL(handed_over.task == NULL, true);
}

static void joiner_dropped(void)
{
    struct task_joiner joined = executor_spawn(block(work, 9, &works[0]));
    struct task_joiner dropped = executor_spawn(block(work, 1, &works[1]));
    struct task_joiner task = executor_spawn(block(await_or_sleep, 0, NULL));
    struct foreign thread;

    handed_over = executor_spawn(block(work, 3, &works[3]));
    start(&thread, drop_joiner, sim_random(2));
    task_joiner_drop(&dropped);
    SIM_EQUAL(join(&joined), 9);
    SIM_EQUAL(works[0].drops, 1); // before join has returned
    SIM_EQUAL(join(&task), 0);
    finish(&thread);
    wait_for_sum(4); // they run on, without joiners
    sim_settle();
    for (int i = 0; i < 4; i++) SIM_EQUAL(works[i].drops, 1);
}

// ---------------------------------------------------------------------------
// joiner_polled: by threads that are not the executor's, while its task ends
// ---------------------------------------------------------------------------

static void foreign_nothing(void *data)
{
    (void)data;
}

// Counts itself in *data, and tells whoever waits for that.
static void foreign_wake(void *data)
{
    pthread_mutex_lock(&mutex);
    ++*(int *)data;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

// Ready at its third poll, having woken itself.
static struct poll come_to_an_end(struct block *self, struct context *cx)
{
    if (self->counts->polls == 3) return POLL_READY(self->n);
    struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker);
    return POLL_PENDING;
}

// Polls a joiner until it is ready. Between two polls it must be woken, once.
static void poll_joiner(int n)
{
    static const struct waker_vtable vtable = { foreign_nothing, foreign_wake,
                                                foreign_nothing };
    struct task_joiner task = executor_spawn(block(come_to_an_end, n, NULL));
    int wakes = 0;
    struct waker waker = { &vtable, &wakes };
    struct context cx = { &waker };
    struct poll poll = future_poll(&task.future, &cx);

    if (!poll.ready) {
        pthread_mutex_lock(&mutex);
        while (wakes == 0) pthread_cond_wait(&changed, &mutex);
        pthread_mutex_unlock(&mutex);
        poll = future_poll(&task.future, &cx);
        SIM_EQUAL(wakes, 1);
    }
    SIM_EQUAL(poll.ready, true);
    SIM_EQUAL(poll.value, n);
    task_joiner_drop(&task);
}

static void poll_joiners(int n)
{
    for (int i = 0; i < 5; i++) poll_joiner(n);
}

static void joiner_polled(void)
{
    struct foreign threads[2];

    for (int i = 0; i < 2; i++) start(&threads[i], poll_joiners, i);
    for (int i = 0; i < 2; i++) finish(&threads[i]);
}

// ---------------------------------------------------------------------------
// shared_fd: several tasks wait for one descriptor, in both directions
// ---------------------------------------------------------------------------

static int shared;
static struct subscription writable;

// An eventfd can always be written to, so one wake comes at once.
static struct poll await_writable(struct block *self, struct context *cx)
{
    if (self->counts->polls == 2) return POLL_READY(self->n);
    return register_waker(&writable, shared, cx->waker, WAKEUP_WRITABLE);
}

static struct poll read_in_order(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    AWAIT(self, event_read(shared, &self->i));
    order[strlen(order)] = (char)('A' + self->n);
    ASYNC_END(self, self->i);
}

static void shared_fd(void)
{
    struct task_joiner tasks[4];
    struct counts writer = { 0, 0 };
    int which = sim_random(4), letter = 0;

    shared = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);
    for (int i = 0; i < 4; i++)
        tasks[i] =
            executor_spawn(i == which ? block(await_writable, 2, &writer)
                                      : block(read_in_order, letter++, NULL));
    sim_settle();
    event_write(shared, 3);
    for (int i = 0; i < 4; i++) SIM_EQUAL(join(&tasks[i]), 2);
    SIM_EQUAL(strcmp(order, "ABC"), 0);
    check_counts(__LINE__, writer, 2);
    close(shared);
}

// ---------------------------------------------------------------------------
// datagrams: two tasks receive from one socket, what two others send
// ---------------------------------------------------------------------------

enum { MESSAGES = 3 };

static const struct socket_addr ports[] = {
    { .v4 = { AF_INET, 1, { 0 }, { 0 } }, .len = sizeof(struct sockaddr_in) },
    { .v4 = { AF_INET, 2, { 0 }, { 0 } }, .len = sizeof(struct sockaddr_in) },
};
static int sockets[2];

// Sends numbers from the second socket to the first.
static struct poll send_numbers(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    for (self->i = 0; self->i < MESSAGES; self->i++) {
        self->nanos = self->n + self->i;
        AWAIT(self, udp_socket_send_to(sockets[1], &self->nanos,
                                       sizeof(self->nanos), &ports[0]));
        SIM_EQUAL(self->async.value, sizeof(self->nanos));
    }
    ASYNC_END(self, 0);
}

static struct poll receive_numbers(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    for (self->i = 0; self->i < MESSAGES; self->i++) {
        AWAIT(self, udp_socket_recv_from(sockets[0], &self->nanos,
                                         sizeof(self->nanos), &self->source));
        SIM_EQUAL(self->async.value, sizeof(self->nanos));
        SIM_EQUAL(self->source.v4.sin_port, ports[1].v4.sin_port);
        self->start += self->nanos;
    }
    ASYNC_END(self, self->start);
}

static void datagrams(void)
{
    struct task_joiner tasks[4];
    intptr_t received = 0;

    for (int i = 0; i < 2; i++) sockets[i] = udp_socket_bind(&ports[i]);
    for (int i = 0; i < 2; i++) {
        tasks[i] = executor_spawn(block(receive_numbers, 0, NULL));
        tasks[i + 2] = executor_spawn(block(send_numbers, 10 * i, NULL));
    }
    for (int i = 0; i < 4; i++) received += join(&tasks[i]);
    SIM_EQUAL(received, 0 + 1 + 2 + 10 + 11 + 12);
    for (int i = 0; i < 2; i++) close(sockets[i]);
}

// ---------------------------------------------------------------------------
// dump_anytime: executor_dump takes both locks, and follows what others change
//
// Only the talking build can dump. In the bare one this ends at once.
// ---------------------------------------------------------------------------

#pragma weak executor_dump

// Writes one, and checks that it ends with that text.
static void dump(const char *end)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    executor_dump(out);
    fclose(out);
    sim_log("has dumped: %s", text);
    SIM_EQUAL(strncmp(text, "trale: of ", 10), 0);
    SIM_EQUAL(strcmp(text + len - strlen(end), end), 0);
    free(text);
}

static void dump_often(int n)
{
    for (int i = 0; i < n; i++) {
        dump("\n");
        sim_sleep(random_nanos());
    }
}

static struct poll dump_inside(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    AWAIT(self, sleep_for(random_nanos()));
    dump("\n");
    AWAIT(self, timer_sleep(duration_from_millis(2550)));
    ASYNC_END(self, self->n);
}

static void dump_anytime(void)
{
    struct task_joiner tasks[3];
    struct foreign thread;

    if (executor_dump == NULL) return;
    for (int i = 0; i < 2; i++) tasks[i] = executor_spawn(block(work, i, NULL));
    tasks[2] = executor_spawn(block(dump_inside, 2, NULL));
    start(&thread, dump_often, 4);
    for (int i = 0; i < 2; i++) SIM_EQUAL(join(&tasks[i]), i);
    finish(&thread);
    sim_sleep(100000); // all others are over by then
    dump(", in 2.5 s)\n");
    SIM_EQUAL(join(&tasks[2]), 2);
}

// ---------------------------------------------------------------------------
// local_executor: on a host's thread, while others wake, spawn and outlive it
//
// The host is as careless as it may be: it is late, it calls back without being
// told, and in half of the runs it ends while tasks are left.
// ---------------------------------------------------------------------------

enum { NAPS = 3, SPAWNED = 4, PATIENT = 100000 };

static struct local_executor *local;
static bool told;         // guarded by the mutex, as the next ones
static int told_often;    // how often the notification was woken
static int turns;         // how often the host has called
static int spawned_there; // by the other thread, so far
static struct counts received, naps[NAPS + SPAWNED];
static int napped; // on the host's thread only

static void tell_nothing(void *unused)
{
    (void)unused;
}

static void tell_host(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    told = true;
    told_often++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

// Sleeps by trale's reactor, and yields by waking itself.
static struct poll nap_often(struct block *self, struct context *cx)
{
    ASYNC_BEGIN(self);
    for (self->i = 0; self->i < 2; self->i++) {
        self->start = sim_now();
        self->nanos = random_nanos();
        AWAIT(self, sleep_for(self->nanos));
        SIM_EQUAL(sim_now() >= self->start + self->nanos, true);
    }
    napped++;
    ASYNC_END(self, 0);
}

static struct poll spawn_a_nap(struct block *self, struct context *cx)
{
    (void)cx;
    spawn(block(nap_often, 0, &naps[self->n]));
    return POLL_READY(0);
}

static void spawn_there(int n)
{
    for (int i = 0; i < n; i++) {
        if (sim_random(2) == 0) sim_sleep(random_nanos());
        local_executor_spawn(local, block(nap_often, 0, &naps[NAPS + i]));
        pthread_mutex_lock(&mutex);
        spawned_there++;
        told = true; // that it may be the last one
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
}

// Waits until the host is told. Or not: a host may call at any time, and one that
// is about to end does not wait.
static void wait_until_told(bool patient)
{
    pthread_mutex_lock(&mutex);
    while (!told && patient && sim_random(5) != 0)
        pthread_cond_wait(&changed, &mutex);
    told = false;
    turns++;
    pthread_mutex_unlock(&mutex);
    if (sim_random(4) == 0) sim_sleep(random_nanos());
}

static void be_host(int most_turns)
{
    static const struct waker_vtable vtable = { tell_nothing, tell_host,
                                                tell_nothing };
    struct foreign thread;
    bool all_spawned;
    size_t left;

    pthread_setname_np(pthread_self(), "host");
    local = local_executor_new(&(struct waker){ &vtable, NULL });
    local_executor_spawn(local, block(receive, 0, &received));
    for (int i = 0; i < NAPS; i++)
        local_executor_spawn(local, block(spawn_a_nap, i, NULL));
    start(&thread, spawn_there, SPAWNED);
    do {
        pthread_mutex_lock(&mutex);
        all_spawned = spawned_there == SPAWNED;
        pthread_mutex_unlock(&mutex);
        wait_until_told(most_turns == PATIENT);
        left = local_executor_run_pending(local);
    } while (!all_spawned || (left > 0 && turns < most_turns));
    finish(&thread);
    if (left == 0) SIM_EQUAL(napped, NAPS + SPAWNED);
    local_executor_drop(local);
    SIM_EQUAL(spawner == NULL, true);
}

static void local_executor(void)
{
    struct foreign host, senders[SENDERS];
    int most_turns = sim_random(2) == 0 ? PATIENT : sim_random(10);

    home = "host";
    start(&host, be_host, most_turns);
    // A sender needs the waker of the first poll, which such a host may not
    // come to.
    bool send = most_turns == PATIENT;
    for (int i = 0; i < SENDERS && send; i++)
        start(&senders[i], send_items, i + 1);
    finish(&host);
    for (int i = 0; i < SENDERS && send; i++) finish(&senders[i]);
    for (int i = 0; i <= SENDERS; i++) wake_slot(i); // late: nothing happens
    SIM_EQUAL(received.drops, 1);
    for (int i = 0; i < NAPS + SPAWNED; i++)
        SIM_EQUAL(naps[i].drops <= 1, true); // 0: never spawned
    for (int i = NAPS; i < NAPS + SPAWNED; i++) SIM_EQUAL(naps[i].drops, 1);
    SIM_EQUAL(told_often <= turns + 1, true);
    SIM_EQUAL(sim_threads("executor"), 0);
}

// ---------------------------------------------------------------------------
// opposite_locks: wrong on purpose, to see that the simulator finds it
// ---------------------------------------------------------------------------

static void lock_both(int first)
{
    static pthread_mutex_t locks[] = { PTHREAD_MUTEX_INITIALIZER,
                                       PTHREAD_MUTEX_INITIALIZER };

    pthread_mutex_lock(&locks[first]);
    pthread_mutex_lock(&locks[1 - first]);
    pthread_mutex_unlock(&locks[1 - first]);
    pthread_mutex_unlock(&locks[first]);
}

static void opposite_locks(void)
{
    struct foreign threads[2];

    for (int i = 0; i < 2; i++) start(&threads[i], lock_both, i);
    for (int i = 0; i < 2; i++) finish(&threads[i]);
}

#define SCENARIO(name)     \
    {                      \
#name, name, false \
    }

const struct scenario scenarios[] = {
    SCENARIO(double_wake),     SCENARIO(wake_in_poll),
    SCENARIO(wake_after_done), SCENARIO(join_equal_timers),
    SCENARIO(select_and_drop), SCENARIO(fd_reuse),
    SCENARIO(many_yielders),   SCENARIO(spawn_storm),
    SCENARIO(foreign_wakers),  SCENARIO(joiner_dropped),
    SCENARIO(shared_fd),       SCENARIO(datagrams),
    SCENARIO(joiner_polled),   SCENARIO(dump_anytime),
    SCENARIO(local_executor),  { "opposite_locks", opposite_locks, true },
    { NULL, NULL, false },
};
