// Checks of exercise 11: select, and cancellation by drop.
#define _GNU_SOURCE
#include "checks.h"

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
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
        return (struct poll){ false, 77 }; // which says nothing
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
           winner->name, wanted, outcome(poll), task->polls);
    expect(poll.value == winner->value,
           "%s won, with the value %s, but the race was %s.", winner->name,
           value_name(winner->value), outcome(poll));
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

CHECK(first_ready_wins, 1, "A race is ready with the first child that is")
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

CHECK(loser_is_dropped, 1, "It drops the loser, and both if it is dropped")
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

CHECK(leaves_the_second, 1, "If the first won, the second is not polled")
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
           "A was ready with 1, but the race was %s.", outcome(poll));
    future_drop(future);
}

// The value says nothing about who has won.
CHECK(any_values, 1, "The winner may be ready with any value, at once or late")
{
    static const intptr_t values[] = { 0, -1, -EPIPE, (intptr_t)1 << 40,
                                       INTPTR_MIN };

    for (int i = 0; i < 20; i++) {
        struct probe *task = probe_new("racer"), *rival = probe_new("rival");
        struct runner winner = runner("winner", 1 + i / 10, values[i % 5]);
        struct runner other = runner("other", 0, 99);
        struct runner a = runner("A", 0, 0), b = runner("B", 0, 0);
        bool first = i % 2 == 0;
        struct future *futures[] = { start(&winner), start(&other) };
        struct future *future = race(futures[!first], futures[first]);
        struct future *c = start(&a), *apart = race(c, start(&b));

        expect(!probe_poll(rival, apart).ready, "A race was ready, and neither "
                                                "child is.");
        struct poll poll = POLL_PENDING;
        for (int n = 0; n < winner.ready_at; n++)
            poll = probe_poll(task, future);
        expect(poll.ready && poll.value == winner.value,
               "A child was ready with %s at poll number %d, and the race was "
               "%s.",
               value_name(winner.value), winner.ready_at, outcome(poll));
        expect_dropped(&other, future);
        future_drop(future);
        expect(winner.drops == 1 && other.drops == 1,
               "The winner was dropped %d times and the other child %d times.",
               winner.drops, other.drops);
        probe_drop(rival, apart);
    }
}

// The inner race is polled in the middle of a poll of the outer one.
CHECK(race_of_a_race, 1, "A race may be a child of a race")
{
    struct probe *task = probe_new("racer");
    struct runner a = runner("A", 0, 0), b = runner("B", 2, 2);
    struct runner c = runner("C", 0, 0);
    struct future *first = start(&a), *inner = race(first, start(&b));
    struct future *future = race(inner, start(&c));

    expect(!probe_poll(task, future).ready, "No child is ready, but the race "
                                            "is.");
    expect(c.polls == 1,
           "A race of a race with C was polled, and C was polled %d times. Is "
           "something kept outside of the struct, where all races share it?",
           c.polls);
    struct poll poll = probe_poll(task, future);
    expect(poll.ready && poll.value == 2,
           "B was ready with 2 in the inner race, and the outer race was %s.",
           outcome(poll));
    expect_dropped(&c, future);
    future_drop(future);
}

// ---------------------------------------------------------------------------
// The receive
// ---------------------------------------------------------------------------

static int errno_after = EAGAIN; // of a read that has not failed
static int read_error;           // with which the next read fails, or 0

ssize_t student_read(int fd, void *buf, size_t len);
ssize_t student_read(int fd, void *buf, size_t len)
{
    ssize_t n = read_error == 0 ? read(fd, buf, len) : -1;

    if (read_error != 0) errno = read_error;
    read_error = 0;
    mislead(n >= 0, errno_after);
    return n;
}

// An inbox and the end that writes into it. The reactor is started first, so
// that its descriptor is not taken for one that was left open.
static struct inbox open_inbox(int *writing)
{
    static bool started;
    int fds[2];

    if (!started) use_trale();
    started = true;
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
           when, (long)poll.value, (unsigned long)poll.value, (long)number,
           (unsigned long)number);
}

static bool is_woken(void *data)
{
    return ((struct probe *)data)->wakes > 0;
}

CHECK(whole_messages, 1, "A message is whole, though it came in pieces")
{
    int32_t numbers[] = { 0x04030201, 0x08070605 };
    struct probe *task = probe_new("receiver");
    int writing;
    struct inbox inbox = open_inbox(&writing);
    struct future *future = receive(&inbox);

    send_bytes(writing, numbers, 1);
    expect(!probe_poll(task, future).ready,
           "receive was ready when one byte of four had come.");
    expect(probe_held(task) + task->wakes > 0,
           "One byte of four has come, and receive is pending, but the reactor "
           "has no waker of its task: nobody would wake it when the others "
           "come.");
    expect(probe_held(task) <= 1, "The reactor has %d wakers of one receive.",
           probe_held(task));
    send_bytes(writing, (char *)numbers + 1, 7);
    expect(wait_until(is_woken, task),
           "The rest of the message came, but the task was not woken.");
    expect_message(probe_poll(task, future), numbers[0],
                   "when the other three bytes had come");
    future_drop(future);
    int left = 0;
    ioctl(inbox.fd, FIONREAD, &left);
    expect(left == 4,
           "receive was ready with the first message, and took %d bytes of the "
           "second with it, which are lost. Read no more than this message "
           "lacks.",
           4 - left);
    future = receive(&inbox);
    expect_message(probe_poll(task, future), numbers[1],
                   "for the second message, which was there");
    future_drop(future);
    close(writing);
    for (int i = 0; i < 2; i++) {
        future = receive(&inbox);
        errno_after = i == 0 ? 0 : EAGAIN;
        struct poll poll = probe_poll(task, future);
        bool right = poll.ready && poll.value == -EPIPE;
        expect(i == 1 || right,
               "The other end was closed, so read returned 0, for ever: "
               "receive must be ready with -EPIPE, but it was %s.",
               outcome(poll));
        expect(right,
               "At the end of the input read returned 0, and errno was still "
               "EAGAIN, from an earlier call. receive was %s instead of ready "
               "with -EPIPE: errno says something only when read has returned "
               "-1.",
               outcome(poll));
        future_drop(future);
    }
    close(inbox.fd);
}

CHECK(receive_is_cancelled, 2, "A receive that is dropped leaves all in order")
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
           "came, and the next receive was %s instead of ready with %ld: the "
           "two bytes are lost. What was read stays in the inbox for the next "
           "one, and inbox->have tells it how much that is.",
           outcome(poll), (long)number);
    future_drop(future);
    close(writing);
    close(inbox.fd);
}

// Whoever reads once in a poll has two bytes, and is told of the end by the
// reactor: in the next poll.
static struct poll poll_to_the_end(struct probe *task, struct future *future)
{
    struct poll poll = probe_poll(task, future);

    if (poll.ready || task->clones == 0) return poll;
    return wait_until(is_woken, task) ? probe_poll(task, future) : poll;
}

// The bytes come one at a time, some above 127, and then the input ends in the
// middle of a message. Two inboxes take turns.
CHECK(byte_by_byte, 1, "It takes one byte at a time, and an end in the middle")
{
    static const int32_t numbers[] = { 0, -1, INT32_MIN, 0x00ff80fe,
                                       -559038737 };
    struct probe *task = probe_new("receiver"), *other = probe_new("other");
    int writing, second;
    struct inbox inbox = open_inbox(&writing), apart = open_inbox(&second);
    struct future *rival = receive(&apart);

    send_bytes(second, "abc", 3);
    for (int i = 0; i < 5; i++) {
        struct future *future = receive(&inbox);
        const char *bytes = (const char *)&numbers[i];
        for (int n = 0; n < 4; n++) {
            expect(!probe_poll(task, future).ready,
                   "receive was ready when %d bytes of four had come.", n);
            expect(!probe_poll(other, rival).ready,
                   "Another receive, of another inbox, was ready when three "
                   "bytes of four had come.");
            send_bytes(writing, bytes + n, 1);
        }
        expect_message(probe_poll(task, future), numbers[i],
                       "when all four bytes had come");
        expect(inbox.have == 0,
               "A message was received, and inbox->have is %zu: the next one "
               "begins anew.",
               inbox.have);
        future_drop(future);
    }
    send_bytes(writing, "ab", 2);
    close(writing);
    struct future *future = receive(&inbox);
    struct poll poll = poll_to_the_end(probe_new("last"), future);
    expect(poll.ready && poll.value == -EPIPE,
           "The input ended after two bytes of a message, so that will never "
           "be whole: receive must be ready with -EPIPE, but it was %s.",
           outcome(poll));
    future_drop(future);
    probe_drop(other, rival);
    close(inbox.fd);
    close(second);
    close(apart.fd);

    inbox = (struct inbox){ .fd = inbox.fd }; // closed, which read will say
    future = receive(&inbox);
    poll = probe_poll(task, future);
    expect(poll.ready && poll.value == -EBADF,
           "The inbox's descriptor is closed, so read fails with EBADF, and "
           "receive was %s instead of ready with -EBADF.",
           outcome(poll));
    future_drop(future);
    inbox = open_inbox(&writing);
    future = receive(&inbox);
    read_error = ECONNRESET;
    poll = probe_poll(task, future);
    expect(poll.ready && poll.value == -ECONNRESET,
           "read failed with ECONNRESET, as it does when a peer is gone, and "
           "receive was %s instead of ready with -ECONNRESET: only EAGAIN says "
           "to wait.",
           outcome(poll));
    future_drop(future);
    close(inbox.fd);
    close(writing);
}

CHECK(receive_with_timeout, 1, "It races a receive and a timer on the executor")
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
