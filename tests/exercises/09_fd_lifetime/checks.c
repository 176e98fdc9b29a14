// Checks of exercise 09: the lifetime of a descriptor.
// Wrap: epoll_ctl close
#define _GNU_SOURCE
#include "checks.h"
#include "harness.h"

#include "tests/register.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

const char exercise_read[] =
    "trale.c, 'reactor/poll.rs: who waits for what'; NOTES.md, 'Invariants and "
    "states', rule 7; epoll(7)";

// ---------------------------------------------------------------------------
// What the student's functions ask of the kernel
// ---------------------------------------------------------------------------

enum { FDS = 1024 };

static _Thread_local bool student; // it is the student's code that calls
static bool in_set[FDS];           // of the student's epoll descriptor
static bool owned[FDS];            // by a future, and not yet closed

// Whether the check that runs is about how a descriptor is closed. The others
// put up with what is wrong there.
static bool strict;

int __real_close(int fd);
int __wrap_close(int fd);
int __real_epoll_ctl(int epoll, int op, int fd, struct epoll_event *what);
int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *what);

int __wrap_close(int fd)
{
    if (!student || fd < 0 || fd >= FDS) return __real_close(fd);
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
    return __real_close(fd);
}

int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *what)
{
    int result = __real_epoll_ctl(epoll, op, fd, what);

    if (student && result == 0 && op != EPOLL_CTL_MOD)
        in_set[fd] = op == EPOLL_CTL_ADD;
    return result;
}

static void call_release(int epoll, int *fd)
{
    int number = *fd;

    student = true;
    release(epoll, fd);
    student = false;
    expect(number < 0 || !owned[number],
           "release has returned, but has not closed descriptor %d.", number);
}

static void call_serve(int epoll, struct epoll_event fetched)
{
    event("reactor", "serve", "| an event");
    awaiting("serve to return");
    student = true;
    serve(epoll, fetched);
    student = false;
    awaiting("%s", "");
}

static struct poll call_watch(int epoll, int fd, const struct waker *waker)
{
    student = true;
    struct poll poll = watch(epoll, fd, waker);
    student = false;
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
           "watch was ready, with %ld (%s), where it should have registered "
           "and been pending.",
           (long)poll.value, strerror(poll.value < 0 ? (int)-poll.value : 0));
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

CHECK(serves_who_watches, 2, "wakes who watches, once, and nobody else")
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

    // What epoll refuses.
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct waker waker = probe_waker(a);
    poll = call_watch(epoll, null, &waker);
    expect(poll.ready && poll.value == -EPERM,
           "epoll_ctl refuses /dev/null with EPERM, and watch was %s: it is to "
           "be ready with -errno, or its task sleeps for ever.",
           poll.ready ? "ready with something else" : "pending");
    waker_drop(&waker);
    expect(probe_held(a) == 0, "epoll_ctl failed, but watch has kept a waker.");
    close(null);
    close(epoll);
}

CHECK(leaves_the_set_first, 2, "takes it out of the epoll set, then closes it")
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

CHECK(closes_once, 2, "closes it once, though it is released twice")
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
    call_release(epoll, &none);
    expect(none == -1, "release has changed *fd from -1 to %d.", none);
    close(fd);
    close(pipe.in);
    close(epoll);
}

CHECK(ignores_old_events, 3, "an event of an older registration wakes nobody")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    struct ends old = pipe_new(), new = pipe_new();
    int epoll = epoll_new(), fd = old.out;
    struct future *reader = reader_new(epoll, fd);
    struct epoll_event fetched;

    read_in("trale.c, 'reactor/poll.rs: who waits for what'; NOTES.md, "
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

CHECK(runs_on_the_executor, 1, "serves a task on the executor of trale.c")
{
    static const struct future_vtable vtable = { "crew", crew_poll, crew_drop };

    use_trale();
    struct crew *crew = future_new(sizeof(*crew), &vtable);
    crew->epoll = epoll_new();
    intptr_t value = executor_block_on(&crew->future);
    expect(value == 3, "The task has read %ld of 3 pipes.", (long)value);
}
