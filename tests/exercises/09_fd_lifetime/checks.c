// Checks of exercise 09: the lifetime of a descriptor.
#define _GNU_SOURCE
#include "checks.h"
#include "harness.h"

#include "tests/register.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

const char exercise_read[] =
    "trale.c, 'reactor/poll.rs: Poll::insert'; NOTES.md, 'Invariants and "
    "states', rule 7; epoll(7)";

// ---------------------------------------------------------------------------
// What the student's functions ask of the kernel
// ---------------------------------------------------------------------------

enum { FDS = 1024 };

static bool in_set[FDS]; // of the student's epoll descriptor
static bool owned[FDS];  // by a future, and not yet closed

// Whether the check that runs is about how a descriptor is closed. The others
// put up with what is wrong there.
static bool strict;

int student_close(int fd);
int student_epoll_ctl(int epoll, int op, int fd, struct epoll_event *what);

int student_close(int fd)
{
    if (fd < 0 || fd >= FDS) return close(fd);
    event("reader", "close", "| fd %d", fd);
    if (!owned[fd] && strict)
        fail("release closed descriptor %d twice: when the future had read "
             "the end, and again when it was dropped. In between the kernel "
             "may give the number to somebody else, whose descriptor the "
             "second close hits. Leave -1 in *fd.",
             fd);
    if (in_set[fd] && strict)
        fail("release closed descriptor %d while it was registered: epoll "
             "still has it, and the waker waits for it. From now on the number "
             "may be another's, and taking it out of the epoll set takes out "
             "the other's. First unwatch, then close.",
             fd);
    if (!owned[fd]) return 0;
    owned[fd] = in_set[fd] = false;
    return close(fd);
}

int student_epoll_ctl(int epoll, int op, int fd, struct epoll_event *what)
{
    int result = epoll_ctl(epoll, op, fd, what);

    if (result == 0 && op != EPOLL_CTL_MOD) in_set[fd] = op == EPOLL_CTL_ADD;
    return result;
}

static void call_release(int epoll, int *fd)
{
    int number = *fd;

    struct call outer = enter("release");
    awaiting("release to return");
    release(epoll, fd);
    leave(outer);
    expect(number < 0 || !owned[number],
           "release has returned, but has not closed descriptor %d.", number);
}

static void call_serve(int epoll, struct epoll_event fetched)
{
    event("reactor", "serve", "| an event");
    awaiting("serve to return");
    struct call outer = enter("serve");
    serve(epoll, fetched);
    leave(outer);
    awaiting("%s", "");
}

static struct poll call_watch(int epoll, int fd, const struct waker *waker)
{
    struct call outer = enter("watch");
    struct poll poll = watch(epoll, fd, waker);
    leave(outer);
    expect(!(poll.ready && poll.value == -EEXIST),
           "watch was ready with -EEXIST: the descriptor is in the epoll set "
           "already, from when its owner watched it before. Undo that first.");
    return poll;
}

// ---------------------------------------------------------------------------
// A future that owns a descriptor, and counts the bytes until its end
// ---------------------------------------------------------------------------

struct reader {
    struct future future;
    int epoll, fd;
    long bytes;
};

static struct poll reader_poll(struct future *future, struct context *cx)
{
    struct reader *self = (struct reader *)future;
    char bytes[16];
    ssize_t n;

    while ((n = read(self->fd, bytes, sizeof(bytes))) > 0) self->bytes += n;
    if (n == -1 && errno == EAGAIN)
        return call_watch(self->epoll, self->fd, cx->waker);
    expect(n == 0, "A reader cannot read its descriptor %d: %s.", self->fd,
           strerror(errno));
    call_release(self->epoll, &self->fd);
    return POLL_READY(self->bytes);
}

static void reader_drop(struct future *future)
{
    struct reader *self = (struct reader *)future;

    call_release(self->epoll, &self->fd);
}

// The descriptor is the reader's from now on.
static struct future *reader_new(int epoll, int fd)
{
    static const struct future_vtable vtable = { "reader", reader_poll,
                                                 reader_drop };
    struct reader *self = future_new(sizeof(*self), &vtable);

    owned[fd] = true;
    self->epoll = epoll;
    self->fd = fd;
    return &self->future;
}

static int epoll_new(void)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    expect(epoll != -1, "There is no descriptor for epoll.");
    return epoll;
}

struct ends {
    int out, in;
};

static struct ends pipe_new(void)
{
    int fds[2];

    expect(pipe2(fds, O_NONBLOCK | O_CLOEXEC) == 0, "There is no pipe left.");
    return (struct ends){ fds[0], fds[1] };
}

static void put(int fd)
{
    expect(write(fd, "x", 1) == 1, "A pipe is full, or nobody can read it.");
}

// The number fd, which was closed, shall stand for what `other` is from now on.
static void give_number(int fd, int other)
{
    event("kernel", "open", "| somebody else gets the number %d", fd);
    if (other == fd) return;
    expect(dup3(other, fd, O_CLOEXEC) == fd, "There is no descriptor left.");
    close(other);
}

// Polls a reader that must be pending.
static void poll_pending(struct probe *task, struct future *reader)
{
    int held = probe_held(task);
    struct poll poll = probe_poll(task, reader);

    expect(!poll.ready,
           "watch was %s, where it should have registered and been pending.",
           outcome(poll));
    expect(probe_held(task) >= held && probe_held(task) == 1,
           "watch returned POLL_PENDING, and %d clones of the waker of %s are "
           "kept instead of one.",
           probe_held(task), task->name);
}

// How many events there are; the first goes to *fetched.
static int fetch(int epoll, struct epoll_event *fetched)
{
    int n = epoll_wait(epoll, fetched, 1, 0);

    event("reactor", "fetch", "| %d events", n);
    return n;
}

// ---------------------------------------------------------------------------

CHECK(serves_who_watches, 1, "Who watches is woken, once, and nobody else")
{
    struct probe *a = probe_new("A"), *b = probe_new("B"), *c = probe_new("C");
    struct ends pipes[] = { pipe_new(), pipe_new() };
    int epoll = epoll_new();
    struct future *readers[] = { reader_new(epoll, pipes[0].out),
                                 reader_new(epoll, pipes[1].out) };
    struct epoll_event fetched;

    poll_pending(a, readers[0]);
    poll_pending(b, readers[1]);
    expect(fetch(epoll, &fetched) == 0,
           "Two readers watch empty pipes, and epoll has an event: watch for "
           "EPOLLIN.");
    put(pipes[1].in);
    expect(fetch(epoll, &fetched) == 1,
           "There is something to read for B, but epoll does not report it: is "
           "it in the epoll set, for EPOLLIN?");
    call_serve(epoll, fetched);
    expect(a->wakes == 0, "The event was for B, and A was woken.");
    expect(b->wakes == 1,
           "The event was for B, and serve woke it %d times instead of once.",
           b->wakes);
    expect(fetch(epoll, &fetched) == 0,
           "B has been woken, so nobody watches its descriptor, but epoll has "
           "reported it again: serve takes it out of the epoll set. A reactor "
           "would spin until B is polled.");
    poll_pending(b, readers[1]);
    poll_pending(c, readers[1]);
    expect(probe_held(b) == 0,
           "B's future was polled by another task, C, but B's old waker is "
           "still kept.");
    close(pipes[1].in);
    expect(fetch(epoll, &fetched) == 1,
           "The end of C's pipe was not reported.");
    call_serve(epoll, fetched);
    expect(c->wakes == 1, "The end of its pipe has come, and C was not woken.");
    struct poll poll = probe_poll(c, readers[1]);
    expect(poll.ready && poll.value == 1, "The reader has not read its byte.");
    future_drop(readers[1]);
    probe_drop(a, readers[0]);
    close(pipes[0].in);
    close(epoll);
}

CHECK(refuses, 1, "What epoll refuses is ready with -errno")
{
    struct probe *a = probe_new("A"), *old = probe_new("old");
    struct waker waker = probe_waker(a), older = probe_waker(old);
    struct ends pipe = pipe_new(), second = pipe_new();
    int epoll = epoll_new(), fd = pipe.out;
    struct epoll_event fetched;

    expect(!call_watch(epoll, fd, &older).ready, "watch was ready at once.");
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    expect(dup3(null, fd, O_CLOEXEC) == fd, "dup3 failed.");
    close(null);
    struct poll poll = call_watch(epoll, fd, &waker);
    expect(poll.ready && poll.value == -EPERM,
           "epoll_ctl refuses /dev/null with EPERM, and watch was %s: it is to "
           "be ready with -errno, or its task sleeps for ever. (Whatever is "
           "called after epoll_ctl may change errno.)",
           outcome(poll));
    waker_drop(&waker);
    expect(probe_held(a) == 0, "epoll_ctl failed, but watch has kept a waker.");
    expect(probe_held(old) == 1 && old->wakes == 0,
           "epoll_ctl failed, and %d wakers are left of who watched before: "
           "that registration is undone first.",
           probe_held(old) - 1);
    poll = call_watch(epoll, 999, &older); // nobody has that open
    expect(poll.ready && poll.value == -EBADF,
           "epoll_ctl refuses a descriptor that is closed with EBADF, and "
           "watch was %s: -errno says which error it was.",
           outcome(poll));
    expect(dup3(second.out, fd, O_CLOEXEC) == fd, "dup3 failed.");
    close(second.out);
    poll = call_watch(epoll, fd, &older);
    expect(!poll.ready,
           "watch was refused once, then the number stood for a pipe, and it "
           "was %s.",
           outcome(poll));
    put(second.in);
    expect(fetch(epoll, &fetched) == 1, "That pipe was not reported.");
    call_serve(epoll, fetched);
    expect(old->wakes == 1, "That pipe can be read, and nobody was woken.");
    waker_drop(&older);
    close(fd);
    close(pipe.in);
    close(second.in);
    close(epoll);
}

CHECK(leaves_the_set_first, 1, "It leaves the epoll set, and then is closed")
{
    struct probe *task = probe_new("A");
    struct ends pipe = pipe_new();
    int epoll = epoll_new();
    struct future *reader = reader_new(epoll, pipe.out);
    struct epoll_event fetched;

    read_in("trale.c, 'futures/timer.rs: a leaf future', timer_drop; epoll(7), "
            "on closing a descriptor");
    strict = true;
    // Whatever epoll has of the pipe would outlive the close.
    int twin = fcntl(pipe.out, F_DUPFD_CLOEXEC, 0);
    poll_pending(task, reader);
    probe_drop(task, reader);
    expect(probe_held(task) == 0,
           "The future was dropped, but its waker is still kept.");
    put(pipe.in);
    expect(fetch(epoll, &fetched) == 0,
           "The future was dropped and its descriptor closed, but epoll still "
           "reports it.");
    close(twin);
    close(pipe.in);
    close(epoll);
}

CHECK(closes_once, 1, "It is closed once, though it is released twice")
{
    struct probe *task = probe_new("A");
    struct ends pipe = pipe_new();
    int epoll = epoll_new(), fd = pipe.out, none = -1;
    struct future *reader = reader_new(epoll, fd);
    struct epoll_event fetched;

    poll_pending(task, reader);
    put(pipe.in);
    close(pipe.in);
    if (fetch(epoll, &fetched) == 1) call_serve(epoll, fetched);
    struct poll poll = probe_poll(task, reader);
    expect(poll.ready && poll.value == 1, "The reader has not read its byte.");
    pipe = pipe_new();
    give_number(fd, pipe.out);
    strict = true;
    future_drop(reader);
    expect(fcntl(fd, F_GETFD) != -1,
           "Somebody else's descriptor %d was closed.", fd);
    for (none = -1; none >= -5; none -= 4) {
        int before = none;
        call_release(epoll, &none);
        expect(none == before,
               "release found %d in *fd, and has changed that to %d.", before,
               none);
    }
    close(fd);
    close(pipe.in);
    close(epoll);
}

CHECK(ignores_old_events, 2, "An event of an older registration wakes nobody")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    struct ends old = pipe_new(), new = pipe_new();
    int epoll = epoll_new(), fd = old.out;
    struct future *reader = reader_new(epoll, fd);
    struct epoll_event fetched;

    read_in("trale.c, 'reactor/poll.rs: Poll::insert'; NOTES.md, "
            "'Invariants and states', rule 7");
    // Fetched for A. Before it is served, A's future is dropped.
    poll_pending(a, reader);
    put(old.in);
    expect(fetch(epoll, &fetched) == 1, "A's data was not reported.");
    probe_drop(a, reader);
    close(old.in);
    call_serve(epoll, fetched);
    expect(a->wakes == 0, "A has been dropped, and serve woke it.");

    // Once more, and now B gets the number and waits for something else.
    give_number(fd, new.out);
    reader = reader_new(epoll, fd);
    poll_pending(b, reader);
    call_serve(epoll, fetched);
    expect(b->wakes == 0,
           "B was woken by an event that is not its own. It had been fetched "
           "for A; then A was dropped, descriptor %d was closed, and B opened "
           "another with the same number. What an event is for must not be "
           "found by that number alone: which registration was it?",
           fd);
    put(new.in);
    struct epoll_event own;
    expect(fetch(epoll, &own) == 1,
           "After the old event was served, epoll does not report B's data: "
           "the old event must change nothing, and B must stay in the epoll "
           "set.");
    call_serve(epoll, own);
    expect(b->wakes == 1, "B's own event has come, and serve did not wake it.");

    // Between fetch and serve B may also just be polled, and register again.
    poll_pending(b, reader);
    put(new.in);
    expect(fetch(epoll, &own) == 1, "B's second data was not reported.");
    poll_pending(b, reader);
    call_serve(epoll, own);
    put(new.in);
    while (b->wakes == 1 && fetch(epoll, &own) == 1) call_serve(epoll, own);
    expect(b->wakes == 2,
           "B registered again between an event and its serve, and after that "
           "was not woken any more.");
    future_drop(reader);
    close(new.in);
    close(epoll);
}

// A waker that drops another's future.
static struct future *victim;

static void drop_victim(void *data)
{
    ((struct probe *)data)->wakes++;
    future_drop(victim);
    victim = NULL;
}

static void count_clone(void *data)
{
    ((struct probe *)data)->clones++;
}

static void count_drop(void *data)
{
    ((struct probe *)data)->drops++;
}

CHECK(two_at_once, 1, "Two are ready in one turn, and one ends the other")
{
    static const struct waker_vtable dropper = { count_clone, drop_victim,
                                                 count_drop };
    struct probe *a = probe_new("A"), *b = probe_new("B"), *c = probe_new("C");
    struct ends pipes[] = { pipe_new(), pipe_new(), pipe_new() };
    int epoll = epoll_new(), fd = pipes[1].out;
    struct future *reader = reader_new(epoll, pipes[0].out);
    struct epoll_event fetched[2];

    victim = reader_new(epoll, fd);
    poll_pending(b, victim);
    struct context cx = { &(struct waker){ &dropper, a } };
    expect(!future_poll(reader, &cx).ready, "A's pipe is empty.");
    put(pipes[0].in);
    put(pipes[1].in);
    expect(epoll_wait(epoll, fetched, 2, 0) == 2, "A and B were not reported.");
    if (fetched[0].data.u64 == 0 || fetched[0].data.u64 == fetched[1].data.u64)
        fail("The events for A and for B carry the same data: it must say "
             "which registration the event is for.");
    // The kernel reports in the order in which they became ready.
    call_serve(epoll, fetched[0]);
    expect(a->wakes == 1, "A can read its pipe, and was not woken.");
    give_number(fd, pipes[2].out);
    struct future *next = reader_new(epoll, fd);
    poll_pending(c, next);
    call_serve(epoll, fetched[1]);
    expect(b->wakes == 0, "B was dropped in the wake of A, and then woken.");
    expect(c->wakes == 0,
           "A and B were ready in the same turn. A was woken, and has dropped "
           "B, whose number went to C. Then B's event was served, and woke C.");
    probe_drop(c, next);
    future_drop(reader);
    for (int i = 0; i < 3; i++) close(pipes[i].in);
    close(epoll);
}

// As the others, but with 0, and polled inside the wake.
CHECK(descriptor_0, 1, "It may be number 0, and be polled inside the wake")
{
    struct probe *task = probe_new("A");
    struct ends pipe = pipe_new();
    int epoll = epoll_new(), input = fcntl(0, F_DUPFD_CLOEXEC, 100);
    struct epoll_event fetched;

    expect(dup2(pipe.out, 0) == 0, "dup2 failed.");
    close(pipe.out);
    struct future *reader = reader_new(epoll, 0);
    poll_pending(task, reader);
    task->eager = reader;
    for (int i = 1; i <= 3; i++) {
        put(pipe.in);
        if (i == 3) close(pipe.in);
        expect(fetch(epoll, &fetched) == 1,
               "Descriptor 0 can be read, and is not reported%s.",
               i == 1 ? ""
                      : ": it was watched again inside the wake, and serve has "
                        "undone that. Take the waker out and change all else, "
                        "then wake, and change nothing after that");
        call_serve(epoll, fetched);
        expect(task->spots == i,
               "Descriptor 0 could be read %d times, and its task was woken %d "
               "times.",
               i, task->spots);
    }
    expect(task->eager == NULL, "The end of the input was not seen.");
    expect(fcntl(0, F_GETFD) == -1,
           "Descriptor 0 was released, and is not closed: only a negative "
           "number is none.");
    if (input != -1) dup2(input, 0);
    if (input != -1) close(input);
    close(epoll);
}

CHECK(many_registrations, 1, "An old event stays old, however many follow")
{
    static const int counts[] = { 1, 255, 256, 65536 };
    struct probe *a = probe_new("A");
    struct waker waker = probe_waker(a);
    int epoll = epoll_new();

    narration(false);
    for (int i = 0; i < (round_no > 0 ? 1 : 4); i++) {
        struct ends pipe = pipe_new();
        struct epoll_event fetched;
        call_watch(epoll, pipe.out, &waker);
        put(pipe.in);
        expect(fetch(epoll, &fetched) == 1, "A's data was not reported.");
        for (int n = 0; n < counts[i]; n++) {
            struct poll poll = watch(epoll, pipe.out, &waker);
            expect(!poll.ready, "watch was %s.", outcome(poll));
        }
        int wakes = a->wakes;
        call_serve(epoll, fetched);
        expect(a->wakes == wakes,
               "An event was fetched, the registration was renewed %d times, "
               "and then that event woke the new one: how many registrations "
               "can event.data tell apart?",
               counts[i]);
        int fd = pipe.out;
        owned[fd] = true;
        call_release(epoll, &fd);
        close(pipe.in);
    }
    narration(true);
    waker_drop(&waker);
    close(epoll);
}

// ---------------------------------------------------------------------------
// A task of trale.c that reads three pipes, one after another, which all have
// the same number. The student's epoll descriptor can be read when there are
// events to serve.
// ---------------------------------------------------------------------------

struct crew {
    struct future future;
    struct subscription sub; // for the epoll descriptor, with trale's reactor
    struct future *reader;
    int epoll, in, done;
};

static struct poll crew_poll(struct future *future, struct context *cx)
{
    struct crew *self = (struct crew *)future;
    struct epoll_event fetched;

    while (fetch(self->epoll, &fetched) == 1) call_serve(self->epoll, fetched);
    for (; self->done < 3; self->done++) {
        bool begins = self->reader == NULL;
        if (begins) {
            struct ends pipe = pipe_new();
            self->reader = reader_new(self->epoll, pipe.out);
            self->in = pipe.in;
        }
        if (!await(&self->reader, cx).ready) {
            if (begins) put(self->in);
            if (begins) close(self->in);
            awaiting("a task that reads pipe number %d of 3 to be woken",
                     self->done + 1);
            return register_waker(&self->sub, self->epoll, cx->waker,
                                  WAKEUP_READABLE);
        }
    }
    return POLL_READY(self->done);
}

static void crew_drop(struct future *future)
{
    struct crew *self = (struct crew *)future;

    reactor_deregister_waker(&self->sub);
    close(self->epoll);
}

CHECK(runs_on_the_executor, 1, "It serves a task on the executor of trale.c")
{
    static const struct future_vtable vtable = { "crew", crew_poll, crew_drop };

    use_trale();
    struct crew *crew = future_new(sizeof(*crew), &vtable);
    crew->epoll = epoll_new();
    intptr_t value = executor_block_on(&crew->future);
    expect(value == 3, "The task has read %ld of 3 pipes.", (long)value);
}
