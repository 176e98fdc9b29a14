// Checks of exercise 15: the reactor on a thread of its own.
// Sanitizers: address thread
#define _GNU_SOURCE
#include "checks.h"
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

const char exercise_read[] =
    "trale.c, 'reactor/mod.rs: the reactor'; trale.c, 'reactor/poll.rs: "
    "Poll::insert'; NOTES.md, 'Invariants and states', rule 7";

// The reactor, its thread, and what stops it.
static int epoll, stop;
static pthread_t reactor;
static _Atomic pid_t reactor_tid;

// What the reactor's thread shall do when it has fetched events, and before it
// looks at them; and the other thread, when epoll knows a descriptor.
typedef void hook(void);
static hook *_Atomic when_fetched;
static hook *when_added;
static bool added;               // in this call of reactor_register
static atomic_bool fetched;      // an event, since this call began
static atomic_bool interrupted;  // epoll_wait shall be, by a signal
static atomic_bool after_signal; // it was, the last time
static atomic_bool has_returned; // reactor_loop

int student_epoll_wait(int fd, struct epoll_event *events, int n, int ms);
int student_epoll_ctl(int fd, int op, int what, struct epoll_event *event);

int student_epoll_wait(int fd, struct epoll_event *events, int n, int ms)
{
    expect(!has_lock(), "epoll_wait was called with the lock held: nobody can "
                        "register while the reactor sleeps.");
    expect(ms == -1 || ms == 0,
           "reactor_loop calls epoll_wait with %d milliseconds: it wakes up "
           "from time to time for nothing. -1 is without end.",
           ms);
    after_signal = interrupted;
    if (interrupted) {
        interrupted = false;
        errno = EINTR;
        return -1;
    }
    int count = epoll_wait(fd, events, n, ms);
    fetched = fetched || count > 0;
    hook *what_then = when_fetched;
    if (count > 0 && what_then != NULL) {
        when_fetched = (hook *)0;
        what_then();
    }
    mislead(count >= 0, EINTR);
    return count;
}

int student_epoll_ctl(int fd, int op, int what, struct epoll_event *event)
{
    expect(has_lock(),
           "%s called epoll_ctl without the lock. What epoll knows and what is "
           "in sources must change together: the reactor's thread may look "
           "between the two.",
           calling());
    int result = epoll_ctl(fd, op, what, event), error = errno;
    hook *what_then = when_added;

    if (op != EPOLL_CTL_DEL && result == 0) {
        added = true;
        when_added = NULL;
        if (what_then != NULL) what_then();
    }
    errno = error;
    mislead(result == 0, EEXIST);
    return result;
}

static void *run_reactor(void *data)
{
    reactor_tid = gettid();
    struct call outer = enter("reactor_loop");
    may_sleep();
    reactor_loop(epoll);
    has_returned = true;
    leave(outer);
    return data;
}

// Who has registered for a descriptor, with how many wakes at that time; nobody
// after reactor_deregister.
static struct owner {
    struct probe *task;
    int wakes;
} owners[1024];

static void reactor_begin(bool thread)
{
    epoll = epoll_create1(EPOLL_CLOEXEC);
    stop = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    if (epoll == -1 || stop == -1) abort();
    reactor_tid = 0;
    has_returned = false;
    memset(owners, 0, sizeof(owners));
    if (thread && pthread_create(&reactor, NULL, run_reactor, NULL)) abort();
}

// Runs it on this thread until it has nothing more to do, or ends its thread.
// What is registered stays so.
static void reactor_stop(bool thread)
{
    struct epoll_event event = { EPOLLIN, { .u64 = REACTOR_STOP } };

    awaiting("reactor_loop to return, for REACTOR_STOP");
    epoll_ctl(epoll, EPOLL_CTL_ADD, stop, &event);
    if (thread)
        pthread_join(reactor, NULL);
    else
        run_reactor(NULL);
    awaiting("%s", "");
    epoll_ctl(epoll, EPOLL_CTL_DEL, stop, NULL);
}

static void reactor_end(bool thread)
{
    reactor_stop(thread);
    close(epoll);
    close(stop);
}

struct ends {
    int out, in;
};

static struct ends pipe_new(void)
{
    int fds[2];

    if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0) abort();
    return (struct ends){ fds[0], fds[1] };
}

static void put(struct ends pipe)
{
    if (write(pipe.in, "x", 1) != 1) abort();
}

static void pipe_close(struct ends pipe)
{
    close(pipe.out);
    close(pipe.in);
}

// If epoll still knows the descriptor, it was not for this registration to undo
// that, unless it comes in the place of another.
static void expect_pending(struct poll poll, const char *culprit)
{
    expect(poll.value != -EEXIST || !poll.ready,
           "reactor_register was ready with -EEXIST: epoll still knew the "
           "descriptor. %s had to take it out of the epoll set "
           "(EPOLL_CTL_DEL).",
           culprit);
    expect(!poll.ready,
           "reactor_register was %s, where it should have registered.",
           outcome(poll));
}

static struct poll call_register(int fd, uint32_t events, struct probe *task)
{
    struct waker waker = probe_waker(task);
    struct call outer = enter("reactor_register");

    added = false;
    fetched = false;
    event(task->name, "register", "| fd %d", fd);
    awaiting("reactor_register to return");
    struct poll poll = reactor_register(epoll, fd, events, &waker);
    leave(outer);
    awaiting("%s", "");
    waker_drop(&waker);
    return poll;
}

static void register_pending(int fd, uint32_t events, struct probe *task)
{
    struct owner *owner = &owners[fd];
    const char *culprit =
        owner->task == NULL ? "reactor_deregister, which was called before,"
        : owner->task->wakes > owner->wakes
            ? "reactor_loop, which has woken the task that was registered,"
            : "reactor_register itself, which replaces an older registration,";

    expect_pending(call_register(fd, events, task), culprit);
    *owner = (struct owner){ task, task->wakes };
}

static bool is_woken(struct probe *task, int wakes)
{
    return task->wakes >= wakes;
}

// The reactor's thread has something to do, and then it sleeps again.
static void expect_woken(struct probe *task, int wakes, const char *what)
{
    while (reactor_tid == 0) sleep_ms(1);
    awaiting("%s", what);
    bool asleep = falls_asleep(reactor_tid);
    if (is_woken(task, wakes)) return;
    expect(!has_returned || !after_signal,
           "reactor_loop has returned, for epoll_wait failed with EINTR: a "
           "signal has come, and nothing else. It goes on until it is told "
           "REACTOR_STOP.");
    expect(!has_returned,
           "reactor_loop has returned, and REACTOR_STOP has not "
           "come yet. It should go on, for %s.",
           what);
    fail("The reactor's thread has had time for %s, but nothing comes: %s.",
         what,
         asleep ? "it sleeps, and has woken nobody" : "it spins in its loop");
}

static void call_deregister(int fd)
{
    struct call outer = enter("reactor_deregister");

    awaiting("reactor_deregister to return");
    reactor_deregister(epoll, fd);
    leave(outer);
    awaiting("%s", "");
    owners[fd].task = NULL;
}

// Without a thread: the events that are there are served by a loop that ends.
static void serve(void)
{
    reactor_stop(false);
}

static struct ends the_pipe, new_pipe;
static struct probe *the_task;
static int wakes_wanted;
static bool ready_late; // only when it is registered

// When the lock is given back, what is in sources must be whole.
static void let_the_reactor_look(const char *moment)
{
    if (moment != after_unlock || !added) return;
    at_moment = NULL;
    if (ready_late) put(the_pipe);
    ready_late = false;
    event("reactor", "moment", "| of reactor_register, %s", moment);
    if (!falls_asleep(reactor_tid))
        fail("reactor_register gave the lock back, and reactor_loop spins: "
             "epoll reports a descriptor that is ready, and nobody is woken. "
             "Either no waker is in its place yet (tell epoll and store the "
             "waker in one step, under the lock), or reactor_loop passes over "
             "what is not EPOLLIN.");
    expect(!fetched || the_task->wakes >= wakes_wanted,
           "reactor_register gave the lock back, and epoll knew a descriptor "
           "that was ready. reactor_loop looked, and woke nobody: that event "
           "is lost. Either no waker was in its place yet (tell epoll and "
           "store the waker in one step, under the lock), or reactor_loop "
           "passes over what is not EPOLLIN.");
}

static void register_watched(int fd, uint32_t events, struct probe *task,
                             int wakes)
{
    the_task = task;
    wakes_wanted = wakes;
    at_moment = let_the_reactor_look;
    register_pending(fd, events, task);
    at_moment = NULL;
}

CHECK(one_thread, 1, "Who waits is woken once, and nobody else")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    struct ends pipes[] = { pipe_new(), pipe_new() };

    reactor_begin(true);
    register_pending(pipes[0].out, EPOLLIN, a);
    register_pending(pipes[1].out, EPOLLIN, b);
    expect(a->wakes + b->wakes == 0, "A task was woken whose pipe is empty.");
    put(pipes[1]);
    expect_woken(b, 1, "B to be woken, whose pipe can be read");
    if (!falls_asleep(reactor_tid))
        fail("Nobody waits for what is ready, and reactor_loop does not sleep: "
             "epoll reports the same again and again. Take the descriptor out "
             "of the epoll set when its task is woken.");
    register_watched(pipes[1].in, EPOLLOUT, b, 2);
    expect_woken(b, 2, "B to be woken, whose pipe can be written to");
    if (!falls_asleep(reactor_tid))
        fail("Nobody waits for what is ready, and reactor_loop does not sleep: "
             "epoll reports the same again and again. Take the descriptor out "
             "of the epoll set when its task is woken.");
    expect(a->wakes == 0 && b->wakes == 2,
           "A's pipe is empty, and A was woken %d times; B waited twice, and "
           "was woken %d times.",
           a->wakes, b->wakes);
    close(pipes[0].in);
    expect_woken(a, 1, "A to be woken, whose pipe has come to its end");
    register_pending(pipes[1].out, EPOLLIN, b); // the byte is still there
    expect_woken(b, 3, "B to be woken again, for what is left unread");
    reactor_end(true);
    close(pipes[0].out);
    pipe_close(pipes[1]);
}

CHECK(latest_wins, 1, "A later registration takes the place of an older")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    struct ends pipe = pipe_new();

    // With number 0, and a signal that comes to the reactor first.
    int input = fcntl(0, F_DUPFD_CLOEXEC, 100), number = pipe.out;
    if (dup2(pipe.out, 0) != 0) abort();
    pipe.out = 0;
    interrupted = true;
    reactor_begin(true);
    register_pending(pipe.out, EPOLLIN, a);
    register_pending(pipe.out, EPOLLIN, b);
    expect(probe_held(a) == 0 && probe_held(b) == 1,
           "B has registered in the place of A, and %d wakers of A and %d of B "
           "are kept, instead of none and one.",
           probe_held(a), probe_held(b));
    put(pipe);
    expect_woken(b, 1, "B to be woken, which registered last");
    expect(a->wakes == 0, "B has taken the place of A, and A was woken.");
    char byte;
    expect(read(pipe.out, &byte, 1) == 1, "The byte is gone.");
    register_pending(pipe.out, EPOLLIN, a);
    reactor_stop(true);
    expect(probe_held(a) == 0 || a->wakes == 0, "A was woken twice.");
    call_deregister(pipe.out);
    reactor_end(false);
    expect(probe_held(a) == 0,
           "Descriptor 0 was deregistered, and the waker is "
           "kept: 0 is a descriptor like any other.");
    pipe_close(pipe);
    close(number);
    if (input != -1) dup2(input, 0);
    if (input != -1) close(input);
}

CHECK(deregisters, 1, "Deregistered, it keeps no waker and hears no more")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    struct ends pipe = pipe_new(), other = pipe_new();

    reactor_begin(false);
    call_deregister(pipe.out); // nobody has registered
    register_pending(pipe.out, EPOLLIN, a);
    register_pending(other.out, EPOLLIN, b);
    call_deregister(pipe.out);
    expect(probe_held(a) == 0 && a->wakes == 0,
           "A was deregistered, and %d wakers of it are kept, and it was woken "
           "%d times.",
           probe_held(a), a->wakes);
    put(pipe);
    put(other);
    serve();
    expect(a->wakes == 0, "A was deregistered, and woken later.");
    expect(b->wakes == 1, "B was registered, and its pipe can be read, but it "
                          "was not woken before the loop had ended.");
    call_deregister(pipe.out);
    call_deregister(other.out);
    reactor_end(false);
    pipe_close(pipe);
    pipe_close(other);
}

CHECK(refusals, 1, "What epoll refuses is ready with -errno")
{
    struct probe *a = probe_new("A"), *old = probe_new("old");
    struct ends pipe = pipe_new(), second = pipe_new();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd = pipe.out;

    reactor_begin(false);
    struct poll poll = call_register(null, EPOLLIN, a);
    expect(poll.ready && poll.value == -EPERM,
           "epoll_ctl refuses /dev/null with EPERM, and reactor_register was "
           "%s. (Whatever is called after epoll_ctl may change errno.)",
           outcome(poll));
    expect(probe_held(a) == 0, "epoll_ctl has refused, and a waker is kept.");
    register_pending(fd, EPOLLIN, old);
    if (dup3(null, fd, O_CLOEXEC) != fd) abort();
    poll = call_register(fd, EPOLLIN, a);
    expect(poll.ready && poll.value == -EPERM,
           "epoll_ctl refuses what the number stands for now, and "
           "reactor_register was %s.",
           outcome(poll));
    expect(probe_held(old) == 0 && probe_held(a) == 0,
           "epoll_ctl has refused, and %d wakers are kept of who was "
           "registered before.",
           probe_held(old));
    if (dup3(second.out, fd, O_CLOEXEC) != fd) abort();
    register_pending(fd, EPOLLIN, a);
    put(second);
    serve();
    expect(a->wakes == 1, "After two refusals the number stands for a pipe, "
                          "and who registered was not woken.");
    reactor_end(false);
    close(null);
    pipe_close(pipe);
    pipe_close(second);
}

// The event comes as soon as epoll knows the descriptor, when reactor_register
// has not returned yet: with the lock, and just after that was given back.
static void let_the_reactor_run(void)
{
    event("reactor", "moment", "| epoll knows the descriptor, which is ready");
    if (!falls_asleep(reactor_tid))
        fail("reactor_register has told epoll of a descriptor that is ready, "
             "and reactor_loop spins.");
}

CHECK(during_registration, 1, "No event is lost that comes in a registration")
{
    for (int again = 0; again < 2; again++) {
        struct probe *a = probe_new("A");

        the_pipe = pipe_new();
        reactor_begin(true);
        while (reactor_tid == 0) sleep_ms(1);
        if (again) register_pending(the_pipe.out, EPOLLIN, a);
        ready_late = again;
        if (!again) put(the_pipe);
        when_added = let_the_reactor_run;
        register_watched(the_pipe.out, EPOLLIN, a, 1);
        if (ready_late) put(the_pipe);
        expect_woken(
            a, 1,
            "a task to be woken, whose descriptor was ready while it was "
            "being registered");
        reactor_end(true);
        expect(a->wakes == 1 && probe_held(a) == 0,
               "A task registered once was woken %d times.", a->wakes);
        pipe_close(the_pipe);
    }
}

// Between epoll_wait and the lock.
static int what;
static bool late; // reactor_loop may have looked at the event already

static void undo(void)
{
    event("reactor", "moment", "| an event was fetched, %s",
          late ? before_lock : "and not looked at yet");
    call_deregister(the_pipe.out);
    if (what == 0) return;
    if (what == 1 && dup3(new_pipe.out, the_pipe.out, O_CLOEXEC) == -1) abort();
    register_pending(the_pipe.out, EPOLLIN, the_task);
    if (what == 2) {
        char byte;
        if (read(the_pipe.out, &byte, 1) != 1) abort();
    }
}

static void undo_at_moment(const char *moment)
{
    if (moment != before_lock) return;
    at_moment = NULL;
    undo();
}

static void expect_old_event_forgotten(struct probe *a, struct probe *b)
{
    expect(a->wakes == 0, "A was deregistered when its event had been "
                          "fetched, and woken after that.");
    expect(b->wakes == 0 || !late,
           "An event was fetched for A. Just before reactor_loop took the "
           "lock, A was gone and B had registered for the same number. B was "
           "woken by A's event: reactor_loop had looked at the generation "
           "before it had the lock. Look when you have it.");
    expect(b->wakes == 0,
           "An event was fetched for A. Before the reactor looked at it, A "
           "was gone and B had registered for the same number, with "
           "nothing to read. B was woken by A's event.");
    expect(what == 0 || probe_held(b) == 1,
           "B has registered, and its waker is lost: the old event must "
           "change nothing.");
}

CHECK(old_events, 2, "An event that was fetched before wakes nobody else")
{
    for (int round = 0; round < 6; round++) {
        what = round % 3;
        late = round >= 3;
        struct probe *a = probe_new("A");
        the_task = probe_new("B");
        the_pipe = pipe_new();
        new_pipe = pipe_new();
        reactor_begin(false);
        register_pending(the_pipe.out, EPOLLIN, a);
        put(the_pipe);
        if (late) at_moment = undo_at_moment;
        if (!late) when_fetched = undo;
        serve();
        when_fetched = (hook *)0;
        at_moment = NULL;
        expect_old_event_forgotten(a, the_task);
        if (what > 0) call_deregister(the_pipe.out);
        reactor_end(false);
        pipe_close(the_pipe);
        pipe_close(new_pipe);
    }
}

CHECK(unlocked, 1, "No waker is used while the lock is held")
{
    struct probe *a = probe_new("A"), *b = probe_new("B");
    struct ends pipe = pipe_new();

    strict_locks = true;
    reactor_begin(false);
    register_pending(pipe.out, EPOLLIN, a);
    register_pending(pipe.out, EPOLLIN, b);
    call_deregister(pipe.out);
    register_pending(pipe.out, EPOLLIN, a);
    put(pipe);
    serve();
    call_register(epoll, EPOLLIN, a); // refused with EINVAL
    expect(a->wakes == 1, "A was woken %d times.", a->wakes);
    reactor_end(false);
    strict_locks = false;
    pipe_close(pipe);
}

static struct waker idle;

static void register_quietly(void *data)
{
    struct call outer = enter("reactor_register");

    reactor_register(epoll, *(int *)data, EPOLLIN, &idle);
    leave(outer);
}

CHECK(shared, 1, "What threads share is used under the lock")
{
    struct ends pipe = pipe_new();
    struct stranger strangers[2];

    awaiting("reactor_register and reactor_deregister, on three threads");
    narration(false);
    reactor_begin(false);
    idle = idle_waker();
    for (int i = 0; i < 2; i++)
        stranger_begin(&strangers[i], register_quietly, &pipe.out);
    register_quietly(&pipe.out);
    stranger_acts(&strangers[0]);
    struct call outer = enter("reactor_deregister");
    reactor_deregister(epoll, pipe.out);
    leave(outer);
    stranger_acts(&strangers[1]);
    outer = enter("reactor_register");
    reactor_register(epoll, pipe.out, EPOLLIN, &idle);
    leave(outer);
    for (int i = 0; i < 2; i++) stranger_end(&strangers[i]);
    narration(true);
    call_deregister(pipe.out);
    reactor_end(false);
    pipe_close(pipe);
}

// A poll inside the wake registers again, on the reactor's thread.
struct waiter {
    struct future future;
    struct ends pipe;
    int bytes;
};

static struct poll waiter_poll(struct future *future, struct context *cx)
{
    struct waiter *self = (struct waiter *)future;
    char byte;

    if (read(self->pipe.out, &byte, 1) == 1 && ++self->bytes == 3)
        return POLL_READY(3);
    struct call outer = enter("reactor_register");
    struct poll poll =
        reactor_register(epoll, self->pipe.out, EPOLLIN, cx->waker);
    leave(outer);
    expect_pending(poll, "reactor_loop, which has woken the task,");
    return poll;
}

static void waiter_drop(struct future *future)
{
    struct waiter *self = (struct waiter *)future;

    call_deregister(self->pipe.out);
    pipe_close(self->pipe);
}

static const struct future_vtable waiter_vtable = { "waiter", waiter_poll,
                                                    waiter_drop };

static struct future *waiter_new(void)
{
    struct waiter *self = future_new(sizeof(*self), &waiter_vtable);

    self->pipe = pipe_new();
    return &self->future;
}

CHECK(woken_on_the_spot, 1, "A task may be polled inside its wake")
{
    struct probe *a = probe_new("A");
    struct future *future = waiter_new();

    reactor_begin(false);
    expect(!probe_poll(a, future).ready, "A pipe that is empty was read.");
    for (int i = 0; i < 3; i++) put(((struct waiter *)future)->pipe);
    a->eager = future;
    for (int i = 0; i < 3; i++) {
        serve();
        if (a->eager == NULL) break;
        expect(!probe_poll(a, future).ready,
               "A task was not woken whose pipe could be read.");
    }
    expect(a->spot.ready,
           "A task was polled on the spot, inside its wake, and registered "
           "again there: that registration is lost. Change nothing after the "
           "wake.");
    reactor_end(false);
}

// Tasks of trale.c, on the executor's thread, with three bytes from this one.
CHECK(runs_on_the_executor, 1, "It serves tasks on the executor of trale.c")
{
    use_trale();
    narration(false);
    reactor_begin(true);
    for (int i = 0; i < (round_no == 0 ? 10 : 1); i++) {
        struct waiter *waiters[4];
        struct task_joiner joiners[4];
        struct ends pipes[4];
        for (int j = 0; j < 4; j++) {
            waiters[j] = (struct waiter *)waiter_new();
            pipes[j] = waiters[j]->pipe;
            joiners[j] = executor_spawn(&waiters[j]->future);
        }
        for (int j = 0; j < 12; j++) put(pipes[j % 4]);
        for (int j = 0; j < 4; j++) {
            awaiting("task number %d of 4, which reads three bytes", j + 1);
            task_joiner_join(&joiners[j]);
        }
    }
    reactor_end(true);
}
