// Checks of exercise 11: select, and cancellation by drop.
#define _GNU_SOURCE
#include "checks.h"

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

const char exercise_read[] =
    "trale.h, 'struct poll await'; trale.c, 'futures/udp.rs: RecvFrom::poll' "
    "and 'drop(Subscription)'; examples/exercises/11_select.h";

// Whether memory has been freed, which the address sanitizer knows.
extern int __asan_address_is_poisoned(const void volatile *address)
    __attribute__((weak));

// ---------------------------------------------------------------------------
// A child that knows in which poll it will be ready, and holds a waker and a
// descriptor until it is dropped
// ---------------------------------------------------------------------------

struct runner {
    const char *name;
    int ready_at; // the number of the poll; 0: never
    intptr_t value;
    int polls, drops;
    struct future *future; // which leads back here; it may be gone
};

struct runner_future {
    struct future future;
    struct runner *runner;
    struct waker waker;
    int fd;
};

static struct poll runner_poll(struct future *future, struct context *cx)
{
    struct runner_future *self = (struct runner_future *)future;
    struct runner *runner = self->runner;

    runner->polls++;
    if (self->fd == -1) self->fd = eventfd(0, EFD_CLOEXEC);
    waker_drop(&self->waker);
    self->waker = waker_clone(cx->waker);
    if (runner->polls != runner->ready_at) {
        event(runner->name, "pending", "| its poll number %d", runner->polls);
        return POLL_PENDING;
    }
    event(runner->name, "ready", "= %ld", (long)runner->value);
    return POLL_READY(runner->value);
}

static void runner_drop(struct future *future)
{
    struct runner_future *self = (struct runner_future *)future;

    event(self->runner->name, "drop", "| it is dropped");
    self->runner->drops++;
    waker_drop(&self->waker);
    if (self->fd != -1) close(self->fd);
}

static struct runner runner(const char *name, int ready_at, intptr_t value)
{
    return (struct runner){ name, ready_at, value, 0, 0, NULL };
}

static struct future *start(struct runner *runner)
{
    static const struct future_vtable vtable = { "runner", runner_poll,
                                                 runner_drop };
    struct runner_future *future = future_new(sizeof(*future), &vtable);

    future->runner = runner;
    future->fd = -1;
    return runner->future = &future->future;
}

// ---------------------------------------------------------------------------
// The race
// ---------------------------------------------------------------------------

// Polls it until it is ready, which it must be in poll number `wanted`.
static void run_race(struct probe *task, struct future *future,
                     struct runner *winner, struct runner *other, int wanted)
{
    struct poll poll = POLL_PENDING;

    for (int n = 1; n <= wanted && !poll.ready; n++) {
        poll = probe_poll(task, future);
        expect(winner->polls == n,
               "At poll number %d of the race %s had been polled %d times: "
               "each poll of the race polls both children once, as long as "
               "both are pending. A child that is not polled leaves no waker, "
               "and nobody learns when it is ready.",
               n, winner->name, winner->polls);
        expect(poll.ready || other->polls == n,
               "At poll number %d of the race %s had been polled %d times: "
               "each poll of the race polls both children once, as long as "
               "both are pending. A child that is not polled leaves no waker, "
               "and nobody learns when it is ready.",
               n, other->name, other->polls);
    }
    expect(poll.ready && task->polls == wanted,
           "%s was ready at its poll number %d, but the race was %s after %d.",
           winner->name, wanted, poll.ready ? "ready" : "pending", task->polls);
    expect(poll.value == winner->value,
           "%s won, with the value %ld, but the race was ready with %ld.",
           winner->name, (long)winner->value, (long)poll.value);
}

// Why the loser is still there, when the race is over.
static void expect_dropped(struct runner *loser, struct future *future)
{
    if (loser->drops > 0) return;
    if (__asan_address_is_poisoned != NULL &&
        __asan_address_is_poisoned(loser->future))
        fail("The loser, %s, was freed, but not dropped: its drop function "
             "never ran, so the descriptor that it had is still open and the "
             "waker that it kept is lost. Use future_drop, which does both.",
             loser->name);
    future_drop(future);
    if (loser->drops > 0)
        fail("The race was over, but the loser, %s, was dropped only with the "
             "race. Until then its descriptor stayed open and its waker could "
             "wake a task that does not wait for it any more. Drop it before "
             "race_poll returns.",
             loser->name);
    fail("The loser, %s, was never dropped: race_poll owns both children, and "
         "must give up the one that has lost, with future_drop. Its memory, "
         "its descriptor and its waker are lost.",
         loser->name);
}

CHECK(first_ready_wins, 2, "a race is ready with the first child that is")
{
    for (int first = 0; first < 2; first++) {
        struct probe *task = probe_new("racer");
        struct runner winner = runner(first ? "A" : "B", 3, 30 + first);
        struct runner other = runner(first ? "B" : "A", 0, 99);
        struct future *futures[] = { start(&winner), start(&other) };
        struct future *future = race(futures[!first], futures[first]);

        run_race(task, future, &winner, &other, 3);
        expect_dropped(&other, future);
        future_drop(future);
    }
}

CHECK(loser_is_dropped, 3, "drops the loser, and both if it is dropped itself")
{
    for (int first = 0; first < 2; first++) {
        struct probe *task = probe_new("racer");
        struct runner winner = runner(first ? "A" : "B", 2, 7);
        struct runner loser = runner(first ? "B" : "A", 0, 99);
        struct future *futures[] = { start(&winner), start(&loser) };
        struct future *future = race(futures[!first], futures[first]);

        run_race(task, future, &winner, &loser, 2);
        expect(winner.drops > 0,
               "The winner, %s, was not dropped when it had been ready.",
               winner.name);
        expect_dropped(&loser, future);
        future_drop(future);
    }
    struct probe *task = probe_new("racer");
    struct runner a = runner("A", 0, 0), b = runner("B", 0, 0);
    struct future *first = start(&a), *future = race(first, start(&b));

    probe_poll(task, future);
    probe_drop(task, future);
    expect(a.drops + b.drops > 0,
           "A race was dropped while its two children were pending, but they "
           "were not dropped with it: race_drop must drop what the race owns.");
    expect(a.drops == b.drops,
           "A race was dropped while its two children were pending, but only "
           "%s was dropped with it: both are the race's, until they are NULL.",
           a.drops > 0 ? "A" : "B");
}

CHECK(leaves_the_second, 1, "takes nothing out of the second if the first won")
{
    struct probe *task = probe_new("racer");
    struct runner a = runner("A", 1, 1), b = runner("B", 1, 2);
    struct future *first = start(&a), *future = race(first, start(&b));

    struct poll poll = probe_poll(task, future);
    expect(b.polls == 0,
           "A, the first child, was ready, and yet B was polled. It was ready "
           "too, so its value was taken out of it and thrown away: if that was "
           "data from a socket, nobody will ever see it. Return at the first "
           "that is ready, and poll no more.");
    expect(poll.ready && poll.value == 1,
           "A was ready with 1, but the race was %s with %ld.",
           poll.ready ? "ready" : "pending", (long)poll.value);
    future_drop(future);
}

// ---------------------------------------------------------------------------
// The receive
// ---------------------------------------------------------------------------

// An inbox and the end that writes into it. The reactor is started first, so
// that its descriptor is not taken for one that was left open.
static struct inbox open_inbox(int *writing)
{
    int fds[2];

    use_trale();
    if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0) abort();
    *writing = fds[1];
    return (struct inbox){ .fd = fds[0] };
}

static void send_bytes(int fd, const void *bytes, size_t len)
{
    event("inbox", "write", "| %zu bytes", len);
    if (write(fd, bytes, len) != (ssize_t)len) abort();
}

static void expect_message(struct poll poll, int32_t number, const char *when)
{
    expect(poll.ready, "receive was pending %s.", when);
    expect(poll.value == number,
           "receive was ready %s with the value %ld (%#lx), but %ld (%#lx) was "
           "sent.",
           when, (long)poll.value, (unsigned long)(uint32_t)poll.value,
           (long)number, (unsigned long)(uint32_t)number);
}

static bool is_woken(void *data)
{
    return ((struct probe *)data)->wakes > 0;
}

CHECK(whole_messages, 1, "receives one whole message, though it came in pieces")
{
    int32_t numbers[] = { 0x04030201, 0x08070605 };
    struct probe *task = probe_new("receiver");
    int writing;
    struct inbox inbox = open_inbox(&writing);
    struct future *future = receive(&inbox);

    send_bytes(writing, numbers, 1);
    expect(!probe_poll(task, future).ready,
           "receive was ready when one byte of four had come.");
    expect(probe_held(task) == 1,
           "One byte of four has come, and receive is pending, but the reactor "
           "has %d wakers of its task instead of one: nobody would wake it "
           "when the others come.",
           probe_held(task));
    send_bytes(writing, (char *)numbers + 1, 7);
    expect(wait_until(is_woken, task),
           "The rest of the message came, but the task was not woken.");
    expect_message(probe_poll(task, future), numbers[0],
                   "when the other three bytes had come");
    future_drop(future);
    future = receive(&inbox);
    expect_message(probe_poll(task, future), numbers[1],
                   "for the second message, which was there");
    future_drop(future);
    close(writing);
    future = receive(&inbox);
    struct poll poll = probe_poll(task, future);
    expect(poll.ready && poll.value == -EPIPE,
           "The other end was closed, so read returned 0, for ever: receive "
           "must be ready with -EPIPE, but it was %s with %ld.",
           poll.ready ? "ready" : "pending", (long)poll.value);
    future_drop(future);
    close(inbox.fd);
}

CHECK(receive_is_cancelled, 2, "a receive that is dropped leaves all in order")
{
    int32_t number = 0x04030201;
    struct probe *task = probe_new("receiver"), *next = probe_new("next");
    int writing;
    struct inbox inbox = open_inbox(&writing);
    struct future *future = receive(&inbox);

    send_bytes(writing, &number, 2);
    expect(!probe_poll(task, future).ready,
           "receive was ready when two bytes of four had come.");
    probe_drop(task, future);
    expect(probe_held(task) == 0,
           "A receive was dropped while it waited, but it is still registered: "
           "the reactor keeps the waker of a task that has gone on, and a "
           "pointer to memory that is freed. receive_drop must deregister.");
    send_bytes(writing, (char *)&number + 2, 2);
    future = receive(&inbox);
    struct poll poll = probe_poll(next, future);
    expect(poll.ready && poll.value == number,
           "A receive had read two bytes of four when it was dropped. The rest "
           "came, and the next receive was %s with %#lx instead of %#lx: the "
           "two bytes are lost. What was read stays in the inbox for the next "
           "one, and inbox->have tells it how much that is.",
           poll.ready ? "ready" : "pending",
           (unsigned long)(uint32_t)poll.value, (unsigned long)number);
    future_drop(future);
    close(writing);
    close(inbox.fd);
}

CHECK(receive_with_timeout, 1, "races a receive and a timer on the executor")
{
    int32_t number = 7;
    int writing;
    struct inbox inbox = open_inbox(&writing);
    int before = count_fds();

    awaiting("the race of a receive with a timer of 5 ms");
    intptr_t value = executor_block_on(
        race(receive(&inbox), timer_sleep(duration_from_millis(5))));
    expect(value == 0,
           "Nothing was sent, so the timer wins, with 0, but the race was "
           "ready with %ld.",
           (long)value);
    send_bytes(writing, &number, sizeof(number));
    awaiting("the race of a receive, whose message is there, with a timer");
    value = executor_block_on(
        race(timer_sleep(duration_from_secs(1000)), receive(&inbox)));
    expect(value == number,
           "7 was sent, and the timer had 1000 s to go, but the race was ready "
           "with %ld.",
           (long)value);
    expect(count_fds() == before,
           "Two races are over, but %d of their descriptors are still open.",
           count_fds() - before);
    close(writing);
    close(inbox.fd);
}
