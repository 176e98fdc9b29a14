// Checks of exercise 08: a reactor, epoll and timerfd.
#define _GNU_SOURCE
#include "checks.h"
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

const char exercise_read[] =
    "trale.c, 'reactor/mod.rs: the reactor'; epoll_ctl(2), on EPOLL_CTL_MOD, "
    "EPOLLONESHOT and EPOLLET";

// ---------------------------------------------------------------------------
// What the student's functions ask of the kernel
// ---------------------------------------------------------------------------

static _Thread_local bool ticking, turning; // in tick_poll, in reactor_turn
static int reads;                           // of a timerfd, by tick_poll
static int tries;                           // the same, also in vain
static int reported;                        // descriptors, to reactor_turn
static int asked_ms;                        // of epoll_wait, by reactor_turn
static bool interrupted;                    // the next epoll_wait shall be
static uint64_t pretended; // ticks, if not 0: so many were read

ssize_t student_read(int fd, void *buf, size_t len);
int student_epoll_wait(int epoll, struct epoll_event *events, int n, int ms);

ssize_t student_read(int fd, void *buf, size_t len)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };

    if (ticking && !(fcntl(fd, F_GETFL) & O_NONBLOCK) && !poll(&wait, 1, 0))
        fail("tick_poll called read before the first tick, on a timerfd that "
             "makes the reader wait: the poll would have blocked, and every "
             "other task with it. Make the timerfd with TFD_NONBLOCK; read "
             "then fails at once, which means pending.");
    ssize_t n = read(fd, buf, len);
    int error = errno;
    if (ticking) reads += n == sizeof(uint64_t);
    if (ticking && n == sizeof(pretended) && pretended != 0)
        memcpy(buf, &pretended, sizeof(pretended));
    if (ticking && ++tries == 1000)
        fail("tick_poll has called read 1000 times in one poll, to wait until "
             "a tick comes: that blocks all other tasks and the processor too. "
             "Try once, then return what register_waker returns.");
    if (ticking && n == -1 && error != EAGAIN)
        fail("tick_poll called read with a length of %zu, and that failed with "
             "%s: a timerfd gives a number of 8 bytes, to whoever has it "
             "open.",
             len, value_name(-error));
    errno = error;
    mislead(n >= 0, EAGAIN);
    return n;
}

int student_epoll_wait(int epoll, struct epoll_event *events, int n, int ms)
{
    if (ticking && ms != 0)
        fail("tick_poll called epoll_wait: to sleep until the tick comes is to "
             "block in a poll, and every other task waits too. Return what "
             "register_waker returns, and leave the sleeping to reactor_turn.");
    asked_ms = ms;
    if (turning && interrupted) {
        interrupted = false;
        errno = EINTR;
        return -1;
    }
    n = epoll_wait(epoll, events, n, ms);
    if (turning && n > 0) reported += n;
    mislead(n >= 0, EINTR);
    return n;
}

static int epoll_new(void)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    expect(epoll != -1, "There is no descriptor for epoll.");
    return epoll;
}

// Returns how many descriptors epoll reported.
static int turn(int epoll, int ms)
{
    reported = 0;
    turning = true;
    awaiting("reactor_turn(epoll, %d) to return", ms);
    asked_ms = -2;
    struct call outer = enter("reactor_turn");
    may_sleep();
    reactor_turn(epoll, ms);
    leave(outer);
    awaiting("%s", "");
    turning = false;
    expect(asked_ms == ms || asked_ms == -2,
           "reactor_turn(epoll, %d) called epoll_wait with %d milliseconds: "
           "its caller knows how long it may sleep.",
           ms, asked_ms);
    event("reactor", "turn", "| epoll reported %d", reported);
    return reported;
}

static void forget(int epoll, struct subscription *sub)
{
    epoll_ctl(epoll, EPOLL_CTL_DEL, sub->fd, NULL);
    waker_drop(&sub->waker);
}

// ---------------------------------------------------------------------------
// A future that waits for a pipe and, when polled, only registers
// ---------------------------------------------------------------------------

struct waiter {
    struct future future;
    struct subscription sub;
    int epoll, in;
};

static struct poll waiter_poll(struct future *future, struct context *cx)
{
    struct waiter *self = (struct waiter *)future;
    struct call outer = enter("register_waker");
    struct poll poll = register_waker(self->epoll, &self->sub, cx->waker);

    leave(outer);
    return poll;
}

static void waiter_drop(struct future *future)
{
    struct waiter *self = (struct waiter *)future;

    forget(self->epoll, &self->sub);
    close(self->sub.fd);
    if (self->in != -1) close(self->in);
}

static struct waiter *waiter_new(int epoll)
{
    static const struct future_vtable vtable = { "waiter", waiter_poll,
                                                 waiter_drop };
    struct waiter *self = future_new(sizeof(*self), &vtable);
    int fds[2];

    expect(pipe2(fds, O_NONBLOCK | O_CLOEXEC) == 0, "There is no pipe left.");
    self->epoll = epoll;
    self->sub.fd = fds[0];
    self->in = fds[1];
    return self;
}

static void put(struct waiter *waiter, struct probe *task, const char *bytes)
{
    event(task->name, "data", "| %zu bytes come", strlen(bytes));
    expect(write(waiter->in, bytes, strlen(bytes)) > 0, "The pipe is full.");
}

static void take(struct waiter *waiter, struct probe *task)
{
    char byte;

    event(task->name, "data", "| 1 byte is read");
    expect(read(waiter->sub.fd, &byte, 1) == 1, "The pipe is empty: what was "
                                                "written has been read by "
                                                "somebody else.");
}

static void expect_no_second_add(struct poll poll)
{
    expect(!(poll.ready && poll.value == -EEXIST),
           "To register a second time was ready with -EEXIST: epoll has the "
           "descriptor already. Only the first time is EPOLL_CTL_ADD, later "
           "ones are EPOLL_CTL_MOD.");
}

// Polls it, which must be pending and leave one waker behind.
static void wait_for(struct probe *task, struct waiter *waiter)
{
    struct poll poll = probe_poll(task, &waiter->future);

    expect_no_second_add(poll);
    expect(!poll.ready,
           "register_waker was %s, where it should have registered and been "
           "pending.",
           outcome(poll));
    expect(probe_held(task) > 0 || task->wakes > 0,
           "register_waker returned POLL_PENDING, but has not kept a clone of "
           "the waker, so nobody can wake %s.",
           task->name);
}

// ---------------------------------------------------------------------------
// A future that lets a clock tick until there have been so many ticks
// ---------------------------------------------------------------------------

struct ticker {
    struct future future;
    struct subscription sub;
    int epoll, ms, wanted;
    long ticks, most;
    double began;
};

static struct poll ticker_poll(struct future *future, struct context *cx)
{
    struct ticker *self = (struct ticker *)future;

    for (self->most = 0; self->ticks < self->wanted;) {
        int before = reads;

        tries = 0;
        ticking = true;
        struct call outer = enter("tick_poll");
        struct poll poll = tick_poll(self->epoll, &self->sub, self->ms, cx);
        leave(outer);
        ticking = false;
        if (!poll.ready) return poll;
        if (poll.value < 0) return POLL_READY(poll.value);
        expect(reads > before,
               "tick_poll was ready with %ld although it had not read the "
               "timerfd. A wake does not say that a tick has come, and an "
               "unread timerfd wakes for ever: read it, that tells.",
               (long)poll.value);
        expect(poll.value > 0,
               "tick_poll was ready with 0 ticks: it is pending then.");
        self->ticks += poll.value;
        if (poll.value > self->most) self->most = poll.value;
        event("ticker", "ticks", "| %ld, %ld in all", (long)poll.value,
              self->ticks);
        double passed = (now() - self->began) * 1000;
        expect((double)self->ticks * self->ms <= passed,
               "A clock that ticks every %d ms has ticked %ld times after "
               "%.1f ms, which is too early: it is armed with `every`, and "
               "what tick_poll is ready with is what read gives.",
               self->ms, self->ticks, passed);
    }
    return POLL_READY(self->ticks);
}

static void ticker_drop(struct future *future)
{
    struct ticker *self = (struct ticker *)future;

    if (self->sub.fd == -1) return;
    forget(self->epoll, &self->sub);
    close(self->sub.fd);
}

static struct ticker *ticker_new(int epoll, int ms, int wanted)
{
    static const struct future_vtable vtable = { "ticker", ticker_poll,
                                                 ticker_drop };
    struct ticker *self = future_new(sizeof(*self), &vtable);

    self->sub.fd = -1;
    self->epoll = epoll;
    self->ms = ms;
    self->wanted = wanted;
    self->began = now();
    return self;
}

// ---------------------------------------------------------------------------

// The kernel alone says what has been registered: no turn is needed.
CHECK(registers, 1, "register_waker: the latest waker is kept")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    int epoll = epoll_new();
    struct waiter *waiter = waiter_new(epoll), *second = waiter_new(epoll);
    struct epoll_event reports[4];

    wait_for(a, waiter);
    wait_for(b, second);
    wait_for(b, waiter);
    expect(probe_held(a) == 0 && probe_held(b) == 2,
           "A registered, and then B in its place, while B waits for another "
           "one too: %d wakers of A and %d of B are kept, instead of none and "
           "2. The latest replaces the one before, which is dropped.",
           probe_held(a), probe_held(b));
    expect(epoll_wait(epoll, reports, 4, 0) == 0,
           "Two pipes are empty, and epoll reports one: ask for EPOLLIN.");
    put(waiter, a, "a");
    expect(epoll_wait(epoll, reports, 4, 0) == 1,
           "A pipe that is registered can be read, but epoll does not report "
           "it: ask for EPOLLIN.");
    probe_drop(b, &waiter->future);
    probe_drop(b, &second->future);
    expect(a->wakes + b->wakes == 0, "register_waker has woken somebody: that "
                                     "is for reactor_turn.");
    close(epoll);
}

CHECK(wakes_who_can_go_on, 1, "reactor_turn: who can go on is woken once")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    int epoll = epoll_new();
    struct waiter *waits[] = { waiter_new(epoll), waiter_new(epoll) };

    wait_for(a, waits[0]);
    wait_for(b, waits[1]);
    turn(epoll, 0);
    expect(a->wakes + b->wakes == 0,
           "A and B wait for pipes that nobody has written to, and "
           "reactor_turn woke %s.",
           a->wakes > 0 ? "A" : "B");
    put(waits[1], b, "b");
    turn(epoll, 0);
    expect(a->wakes == 0, "B's pipe can be read, A's cannot, and reactor_turn "
                          "woke A.");
    expect(b->wakes == 1,
           "B's pipe can be read, and reactor_turn woke B %d times instead of "
           "once.",
           b->wakes);
    expect(turn(epoll, 0) == 0,
           "B has been woken and not polled yet, so nobody waits for its pipe; "
           "but epoll_wait reported it in the next turn again. A reactor with "
           "a thread of its own would spin until B is polled. Ask epoll to "
           "report once (EPOLLONESHOT), or take the descriptor out.");
    probe_drop(a, &waits[0]->future);
    probe_drop(b, &waits[1]->future);
    close(epoll);
}

CHECK(comes_later, 1, "reactor_turn: more that comes wakes again")
{
    struct probe *task = probe_new("A");
    int epoll = epoll_new();
    struct waiter *waiter = waiter_new(epoll);

    for (int i = 1; i <= 3; i++) {
        wait_for(task, waiter);
        put(waiter, task, "a");
        turn(epoll, 0);
        expect(task->wakes >= i,
               "A was woken %d time%s, read its pipe and registered again. "
               "Then more came, but reactor_turn did not wake it. Is the "
               "one-shot armed again, with EPOLL_CTL_MOD, whenever somebody "
               "registers?",
               task->wakes, task->wakes == 1 ? "" : "s");
        take(waiter, task);
    }
    wait_for(task, waiter);
    turn(epoll, 0);
    expect(task->wakes == 3,
           "All has been read, and still reactor_turn woke A.");
    probe_drop(task, &waiter->future);
    close(epoll);
}

CHECK(left_unread, 1, "reactor_turn: what is left unread wakes again")
{
    struct probe *task = probe_new("A");
    int epoll = epoll_new();
    struct waiter *waiter = waiter_new(epoll);

    wait_for(task, waiter);
    put(waiter, task, "abc");
    for (int left = 3; left > 0; left--) {
        turn(epoll, 0);
        expect(task->wakes == 4 - left,
               "A has read %d of 3 bytes and registered again, but "
               "reactor_turn did not wake it for the other %d. Edge-triggered "
               "epoll (EPOLLET) tells only of what is new, so each reader "
               "would have to drain its descriptor first; this one did not.",
               3 - left, left);
        take(waiter, task);
        wait_for(task, waiter);
    }
    put(waiter, task, "d");
    turn(epoll, 0);
    put(waiter, task, "e");
    expect(turn(epoll, 0) == 0,
           "A has been woken and has not registered again. Then more came for "
           "its pipe, and epoll_wait reported that, though nobody waits for "
           "it. EPOLLET reports whatever is new; EPOLLONESHOT is silent until "
           "EPOLL_CTL_MOD asks anew.");
    probe_drop(task, &waiter->future);
    close(epoll);
}

CHECK(refuses, 1, "register_waker: a refusal is -errno")
{
    struct probe *a = probe_new("A");
    int epoll = epoll_new(), fds[2];
    struct subscription sub = { .fd = open("/dev/null", O_RDWR | O_CLOEXEC) };
    struct waker waker = probe_waker(a);
    struct call outer = enter("register_waker");
    struct poll poll = register_waker(epoll, &sub, &waker);

    leave(outer);
    expect(poll.ready && poll.value == -EPERM,
           "epoll_ctl refuses /dev/null with EPERM, and register_waker was %s: "
           "it is to be ready with -errno, or its task sleeps for ever.",
           outcome(poll));
    expect(sub.waker.vtable == NULL && probe_held(a) == 1,
           "epoll_ctl failed, but register_waker has kept a waker.");

    // The number stands for a pipe from now on, and epoll does not know it yet.
    expect(pipe2(fds, O_NONBLOCK | O_CLOEXEC) == 0, "There is no pipe left.");
    expect(dup3(fds[0], sub.fd, O_CLOEXEC) == sub.fd, "dup3 failed.");
    poll = register_waker(epoll, &sub, &waker);
    expect(!poll.ready,
           "register_waker was refused once, then the descriptor was another, "
           "and it was %s: was it noted that epoll knows it, though epoll had "
           "refused?",
           outcome(poll));
    close(sub.fd); // epoll forgets it: it was the only one for that pipe here
    close(fds[0]);
    poll = register_waker(epoll, &sub, &waker);
    expect(poll.ready && (poll.value == -EBADF || poll.value == -ENOENT),
           "The descriptor is closed, so epoll_ctl fails with EBADF, and "
           "register_waker was %s.",
           outcome(poll));
    expect(probe_held(a) == 1,
           "epoll_ctl failed, and register_waker has kept %d waker%s, for "
           "nobody: it keeps none then, not even an older one.",
           probe_held(a) - 1, probe_held(a) == 2 ? "" : "s");
    waker_drop(&waker);
    close(fds[1]);
    close(epoll);
}

CHECK(several_at_once, 1, "reactor_turn: many are ready, or at their end")
{
    enum { MANY = 40 };
    struct waiter *waits[MANY];
    struct probe *tasks[MANY];
    int epoll = epoll_new();

    for (int i = 0; i < MANY; i++) {
        tasks[i] = probe_new(i % 2 ? "odd" : "even");
        waits[i] = waiter_new(epoll);
        wait_for(tasks[i], waits[i]);
    }
    for (int i = 0; i < MANY; i++) {
        if (i % 2) put(waits[i], tasks[i], "a");
        if (i % 2 == 0) close(waits[i]->in);
    }
    interrupted = true; // by a signal
    turn(epoll, 0);
    for (int turns = 0; turns < MANY + 1; turns++) turn(epoll, 0);
    for (int i = 0; i < MANY; i++)
        expect(tasks[i]->wakes == 1,
               "%d pipes can be read, or have come to their end, and after so "
               "many turns the task that waits for pipe number %d, which %s, "
               "was woken %d times instead of once.",
               MANY, i + 1, i % 2 ? "can be read" : "has ended (EPOLLHUP)",
               tasks[i]->wakes);
    expect(
        epoll_wait(epoll, &(struct epoll_event){ 0 }, 1, 0) == 0,
        "Nobody waits any more, and epoll still reports a pipe that has come "
        "to its end (EPOLLHUP). It does so whatever events are asked for: "
        "use EPOLLONESHOT, or take the pipe out.");
    for (int i = 0; i < MANY; i++) {
        if (i % 2 == 0) waits[i]->in = -1;
        future_drop(&waits[i]->future);
    }
    close(epoll);
}

// Polled inside the wake, it registers again: that must stay.
CHECK(woken_on_the_spot, 1, "reactor_turn: a wake may poll the task at once")
{
    struct probe *task = probe_new("A");
    int epoll = epoll_new();
    struct waiter *waiter = waiter_new(epoll);

    wait_for(task, waiter);
    put(waiter, task, "abc");
    task->eager = &waiter->future;
    for (int i = 1; i <= 3; i++) {
        turn(epoll, 0);
        expect(task->spots == i,
               "A was polled on the spot, inside the wake, and registered "
               "again, with data still there. After %d turn%s it was woken %d "
               "time%s: what it registered in there must stay. Take the waker "
               "out of the subscription, then wake it, and change nothing "
               "after that.",
               i, i == 1 ? "" : "s", task->spots, task->spots == 1 ? "" : "s");
        expect(probe_held(task) == 1,
               "A has registered again, and %d wakers "
               "of it are kept.",
               probe_held(task));
    }
    task->eager = NULL;
    probe_drop(task, &waiter->future);
    close(epoll);
}

// The check puts the hands of the clock forward, or back, and tick_poll must
// leave them there.
static void set_clock(struct ticker *ticker, long nanos)
{
    struct itimerspec next = { { 1000, 0 },
                               { nanos / 1000000000L, nanos % 1000000000L } };

    if (timerfd_settime(ticker->sub.fd, 0, &next, NULL) == -1) abort();
}

static void expect_not_armed_again(struct ticker *ticker, const char *when)
{
    struct itimerspec left;

    if (timerfd_gettime(ticker->sub.fd, &left) == -1) abort();
    expect(left.it_interval.tv_sec == 1000,
           "tick_poll has armed the timerfd again, %s. So its period began "
           "anew: a clock that is polled more often than it ticks would never "
           "tick. Arm it once, when you make it.",
           when);
}

CHECK(poll_returns_at_once, 1, "tick_poll: it leaves a waker, and returns")
{
    struct probe *task = probe_new("ticker"), *other = probe_new("other");
    int epoll = epoll_new();
    struct ticker *ticker = ticker_new(epoll, 3600 * 1000, 1);

    read_in("trale.c, 'futures/timer.rs: a leaf future'; timerfd_create(2), "
            "on TFD_NONBLOCK and read");
    struct poll poll = probe_poll(task, &ticker->future);
    expect(!poll.ready,
           "tick_poll was %s at once, where the first tick comes in an hour.",
           outcome(poll));
    expect(probe_held(task) == 1,
           "tick_poll was pending, but %d clones of the waker are kept instead "
           "of one: it is pending by way of register_waker.",
           probe_held(task));
    turn(epoll, 0);
    expect(task->wakes == 0, "reactor_turn woke the ticker, although its first "
                             "tick comes in an hour.");
    poll = probe_poll(other, &ticker->future);
    expect_no_second_add(poll);
    expect(!poll.ready,
           "Polled again before its tick, tick_poll was %s. A poll "
           "may come for any reason; whether there was a tick, read tells.",
           outcome(poll));
    expect(probe_held(task) == 0 && probe_held(other) == 1,
           "The ticker was polled by another task. Of the first task's waker "
           "%d clones are kept, of the second's %d: the latest waker replaces "
           "the one before, which is dropped.",
           probe_held(task), probe_held(other));
    set_clock(ticker, 1000 * 1000000000L);
    probe_poll(other, &ticker->future);
    expect_not_armed_again(ticker, "in a poll before its tick");
    set_clock(ticker, 1);
    turn(epoll, -1);
    pretended = (1ULL << 32) + 5;
    ticker->began -= 1e20;
    poll = probe_poll(other, &ticker->future);
    expect(poll.ready && poll.value == (intptr_t)pretended,
           "read gave %ld ticks, and tick_poll was %s: it is ready with what "
           "read gives, which may be more than an int can hold.",
           (long)pretended, outcome(poll));
    pretended = 0;
    expect_not_armed_again(ticker, "after its tick");
    expect(probe_held(other) == 0,
           "tick_poll was ready, and has left its waker with the reactor: the "
           "next tick would wake a task that waits for nothing. Read first, "
           "and register only if there was no tick.");
    future_drop(&ticker->future);
    close(epoll);
}

// The lowest number that is free goes to the timerfd, and here that is 0.
CHECK(two_clocks, 1, "tick_poll: two clocks, one with number 0")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    int epoll = epoll_new(), input = fcntl(0, F_DUPFD_CLOEXEC, 100);
    struct ticker *fast = ticker_new(epoll, 1, 3);
    struct ticker *slow = ticker_new(epoll, 3600 * 1000, 1);

    close(0);
    int free_fds = count_fds();
    bool first = probe_poll(b, &slow->future).ready;
    bool again = probe_poll(b, &slow->future).ready;
    int opened = count_fds() - free_fds;
    expect(!first && !again,
           "A clock that ticks every hour was ready at once.");
    expect(opened == 1,
           "tick_poll was called twice for one clock, and has opened %d "
           "descriptors: only -1 says that there is no timerfd yet, and 0 is a "
           "descriptor like any other.",
           opened);
    struct poll poll = probe_poll(a, &fast->future);
    for (int i = 0; i < 10 && !poll.ready; i++) {
        int wakes = a->wakes;
        turn(epoll, -1);
        expect(a->wakes > wakes && b->wakes == 0,
               "Two clocks were polled, of which one ticks every millisecond "
               "and the other every hour, and the wrong one was woken.");
        poll = probe_poll(a, &fast->future);
    }
    expect(poll.ready, "A clock that ticks every millisecond has not ticked "
                       "three times in ten turns.");
    future_drop(&fast->future);
    probe_drop(b, &slow->future);
    if (input != -1) dup2(input, 0);
    if (input != -1) close(input);
    close(epoll);
}

CHECK(counts_the_ticks, 2, "tick_poll: no tick is lost in a long sleep")
{
    struct probe *task = probe_new("ticker");
    int epoll = epoll_new(), ms = round_no == 0 ? 20 : 1;
    int wanted = round_no == 0 ? 8 : 4;
    struct ticker *ticker = ticker_new(epoll, ms, wanted);
    struct poll poll = probe_poll(task, &ticker->future);

    read_in("trale.c, 'futures/timer.rs: a leaf future'; timerfd_create(2), "
            "on read");
    expect(!poll.ready, "tick_poll was ready at its first call, with %ld.",
           (long)poll.value);
    double armed = now();
    if (round_no == 0) sleep_ms(3 * ms);
    while (now() <= armed + 3 * ms / 1e3) sched_yield();
    turn(epoll, 0);
    expect(task->wakes == 1,
           "Three ticks have passed, and reactor_turn has not woken the "
           "ticker: is the timerfd armed, and registered?");
    poll = probe_poll(task, &ticker->future);
    expect(
        ticker->most >= 3,
        "Three ticks or more had passed before the ticker was polled, and "
        "tick_poll was ready with %ld: it lost the others. If the timerfd is "
        "armed with `every`, read gives how many there were.",
        ticker->most);
    for (int i = 1; !poll.ready && i < 10; i++) {
        turn(epoll, -1);
        expect(task->wakes == i + 1,
               "reactor_turn(epoll, -1) returned, and has woken nobody.");
        poll = probe_poll(task, &ticker->future);
    }
    expect(poll.ready && poll.value >= wanted,
           "After ten polls there have been only %ld of %d ticks.",
           ticker->ticks, wanted);
    future_drop(&ticker->future);

    // No descriptor is left: the lowest that is free is beyond the limit.
    struct rlimit old, none;
    int free_fd = dup(epoll);
    close(free_fd);
    getrlimit(RLIMIT_NOFILE, &old);
    none = (struct rlimit){ (rlim_t)free_fd, old.rlim_max };
    ticker = ticker_new(epoll, ms, 1);
    setrlimit(RLIMIT_NOFILE, &none);
    poll = probe_poll(task, &ticker->future);
    setrlimit(RLIMIT_NOFILE, &old);
    expect(poll.ready && poll.value == -EMFILE,
           "There was no descriptor for a timerfd, and tick_poll was %s: it is "
           "to be ready with the -errno of timerfd_create, here -EMFILE.",
           outcome(poll));
    expect(ticker->sub.fd == -1,
           "There was no timerfd, and tick_poll has left %d in sub->fd, which "
           "is nobody's: leave -1.",
           ticker->sub.fd);
    future_drop(&ticker->future);
    close(epoll);
}

// ---------------------------------------------------------------------------
// A task of trale.c that turns the student's reactor. Its epoll descriptor can
// be read when the next turn has something to do.
// ---------------------------------------------------------------------------

struct crew {
    struct future future;
    struct subscription sub; // for the epoll descriptor, with trale's reactor
    int epoll, bytes;
    struct waiter *waiter;
    struct ticker *ticker;
};

static struct poll crew_poll(struct future *future, struct context *cx)
{
    struct crew *self = (struct crew *)future;
    char byte;

    turn(self->epoll, 0);
    if (self->bytes < 3 && read(self->waiter->sub.fd, &byte, 1) == 1)
        self->bytes++;
    if (self->bytes < 3) {
        struct poll poll = waiter_poll(&self->waiter->future, cx);
        expect(!poll.ready, "register_waker was ready with %ld in a task.",
               (long)poll.value);
    }
    if (!self->ticker->future.done) future_poll(&self->ticker->future, cx);
    if (self->bytes == 3 && self->ticker->future.done)
        return POLL_READY(self->ticker->ticks);
    awaiting("a task that has read %d of 3 bytes and seen %ld of 3 ticks to be "
             "woken",
             self->bytes, self->ticker->ticks);
    self->sub.fd = self->epoll;
    self->sub.kind = WAKEUP_READABLE;
    return reactor_register_waker(&self->sub, cx->waker);
}

static void crew_drop(struct future *future)
{
    struct crew *self = (struct crew *)future;

    reactor_deregister_waker(&self->sub);
    future_drop(&self->waiter->future);
    future_drop(&self->ticker->future);
    close(self->epoll);
}

CHECK(runs_on_the_executor, 1, "All three serve a task of trale.c")
{
    static const struct future_vtable vtable = { "crew", crew_poll, crew_drop };

    use_trale();
    struct crew *crew = future_new(sizeof(*crew), &vtable);
    crew->epoll = epoll_new();
    crew->waiter = waiter_new(crew->epoll);
    crew->ticker = ticker_new(crew->epoll, round_no == 0 ? 10 : 1, 3);
    expect(write(crew->waiter->in, "abc", 3) == 3, "The pipe is full.");
    intptr_t value = executor_block_on(&crew->future);
    expect(value >= 3, "The task was ready after %ld of 3 ticks.", (long)value);
}
