// trale: a tiny async Linux executor, the Rust library rewritten in C.
//
// Programs use what is declared here, and nothing else of trale.c.
//
// - `type_method` mirrors Rust's `Type::method`. Each declaration names the
//   Rust item that it stands for.
// - A `struct future *` is Rust's `Pin<Box<dyn Future>>`: on the heap, never
//   moved, with one owner, who drops it once. A function that takes one becomes
//   its owner, except future_poll and the functions of a vtable.
// - A function that consumes a waker or a joiner takes a non-const pointer, and
//   leaves it empty, as a Rust move does. Zeroed memory is empty too. To drop
//   an empty one does nothing. A const pointer only borrows.
// - A failure is a negative errno. The future is ready with it, at its await. A
//   mistake that rustc would have refused prints one line and aborts, where we
//   can see it. So does memory that runs out. No function here returns NULL.
// - wake, drop and all functions here may be called on any thread, if nothing
//   else is said, but not in a signal handler.
#ifndef TRALE_H
#define TRALE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

// ---------------------------------------------------------------------------
// Future, Poll, Context, Waker: what Rust keeps in std::future and std::task
// ---------------------------------------------------------------------------

// std::task::Poll<T>. The value is a number, a negative errno or a pointer. It
// means nothing while the future is pending. A pointer must not point into the
// future, which is dropped before anybody sees its output. If the task is
// detached, nobody gets the pointer: then its memory leaks.
struct poll {
    bool ready;
    intptr_t value;
};

#define POLL_PENDING ((struct poll){ .ready = false })
#define POLL_READY(output) ((struct poll){ true, (intptr_t)(output) })

// std::task::Waker: two words that say how to make one task run again. It is
// the only thing that a reactor and an executor share.
struct waker {
    const struct waker_vtable *vtable; // NULL: empty, Rust's Option::None
    void *data;
};

// std::task::RawWakerVTable. clone counts one more waker with this data; wake
// and drop each give one back. All three may be called on any thread, also on
// the reactor's. They must not block, so a wake must not join a task.
struct waker_vtable {
    void (*clone)(void *data);
    void (*wake)(void *data);
    void (*drop)(void *data);
};

// Waker::clone. The waker must not be empty; the caller owns the clone.
static inline struct waker waker_clone(const struct waker *waker)
{
    waker->vtable->clone(waker->data);
    return *waker;
}

// Option::take: moves the waker out of its place and leaves that empty.
static inline struct waker waker_take(struct waker *place)
{
    struct waker waker = *place;

    place->vtable = NULL;
    return waker;
}

// Waker::wake: lets the task be polled again, soon, on its executor's thread.
// Consumes *place. Waking an empty waker does nothing.
static inline void waker_wake(struct waker *place)
{
    struct waker waker = waker_take(place);

    if (waker.vtable != NULL) waker.vtable->wake(waker.data);
}

// Waker::drop: gives up the right to wake. Consumes *place.
static inline void waker_drop(struct waker *place)
{
    struct waker waker = waker_take(place);

    if (waker.vtable != NULL) waker.vtable->drop(waker.data);
}

// std::task::Context: what a poll is told. The waker is only borrowed, which
// is why it is const: a future that wants to be woken keeps a clone.
struct context {
    const struct waker *waker;
};

// std::future::Future. It is the first member of a struct of your own, which
// future_new makes. A pointer to the one is a pointer to the other, so cast.
struct future {
    const struct future_vtable *vtable;
    int line; // of the AWAIT where an async block stopped last, else 0
    // done: it was ready, and must not be polled again. in_place: it is part of
    // its task or of another struct, so it is dropped, but not freed.
    bool done, in_place;
};

// What a `dyn Future` pointer leads to in Rust.
//
// poll returns POLL_READY once. It returns POLL_PENDING only if somebody has a
// clone of cx->waker and will wake it, or has woken it. It must not block. A
// task that waits and has no waker panics (rule 8 of trale.c). So it cannot
// await Rust's std::future::pending().
//
// drop releases what the struct owns, but not the struct itself. NULL: it owns
// nothing. Once it is spawned, poll and drop run on the executor thread.
struct future_vtable {
    const char *name;
    struct poll (*poll)(struct future *future, struct context *cx);
    void (*drop)(struct future *future);
};

// Box::pin: `size` zeroed bytes that begin with a struct future, aligned to the
// size of two pointers. Only such a future can be spawned, and must then not be
// given another vtable. A joiner's future cannot be spawned.
void *future_new(size_t size, const struct future_vtable *vtable);

// Future::poll. Borrows the future. Polling it again after it was ready
// aborts with a message.
struct poll future_poll(struct future *future, struct context *cx);

// Drop for Pin<Box<dyn Future>>: runs the vtable's drop and frees the memory.
// To drop a pending future is to cancel it. NULL: nothing happens.
void future_drop(struct future *future);

// ---------------------------------------------------------------------------
// async and .await: what rustc generates
// ---------------------------------------------------------------------------

// What the state machines of all async blocks have in common. It is the first
// member of the block's struct, and is named `async`. The locals that live
// across an AWAIT follow it. A future that is written by hand may begin with it
// too, to be shown with its line (future.line and file) and its child.
struct async {
    struct future future;
    const char *file;     // of future.line
    struct future *child; // the future being awaited, owned. NULL: none
    intptr_t value;       // what the last AWAIT left: its future's output
};

// For the vtable: drops the child. A block with something of its own to release
// has a drop of its own, which calls this first.
static inline void async_drop(struct future *future)
{
    future->line = 0; // a trace must not look at the child any more
    future_drop(((struct async *)future)->child);
}

// The step that every .await takes: polls *child, and if that is ready drops
// it and leaves NULL. Hand-written state machines call it directly. NULL for
// *child aborts with a message.
struct poll await(struct future **child, struct context *cx);

// The poll function of an async block reads, with `cx` as the name of its
// context parameter:
//
//     ASYNC_BEGIN(self);
//     AWAIT(self, timer_sleep(duration_from_secs(2)));
//     printf("slept: %ld\n", (long)self->async.value);
//     ASYNC_END(self, 0);
//
// ASYNC_BEGIN jumps to where the block left off. AWAIT takes the future over,
// returns POLL_PENDING until it is ready, and leaves its output in
// self->async.value. ASYNC_END makes the block ready with a value of its own;
// an early `return POLL_READY(value)` is fine too.
//
// A C local does not survive an AWAIT: put it into the struct. gcc's
// -Wjump-misses-init finds an initialised one that was left outside. Two
// AWAITs on one line do not compile, and one inside a switch of your own
// aborts when it should resume. Loops and ifs are fine.
#define ASYNC_BEGIN(self)                                                     \
    switch ((self)->async.future.line) {                                      \
    default:                                                                  \
        panic("an AWAIT inside a switch cannot be resumed: use if and else"); \
    case 0:

#define AWAIT(self, awaited)                                 \
    do {                                                     \
        (self)->async.child = (awaited);                     \
        (self)->async.future.line = __LINE__;                \
        (self)->async.file = __FILE__;                       \
        __attribute__((fallthrough));                        \
    case __LINE__: {                                         \
        struct poll poll_ = await(&(self)->async.child, cx); \
        if (!poll_.ready) return POLL_PENDING;               \
        (self)->async.value = poll_.value;                   \
    }                                                        \
    } while (0)

#define ASYNC_END(self, output) \
    }                           \
    return POLL_READY(output)

// ---------------------------------------------------------------------------
// task.rs: the executor and its tasks
// ---------------------------------------------------------------------------

// TaskJoiner<T>: the right to a task's output. It is a future too, for use
// inside another task, where join would block all tasks:
//
//     AWAIT(self, &self->joiner.future);
//
// To join, to await and to drop consume it. rustc refuses to copy it, C does
// not. So there must be one variable, and you pass its address. It cannot be
// spawned.
struct task_joiner {
    struct future future;
    struct task *task; // NULL: empty, already joined or dropped
};

// Executor::spawn: queues the future as a new task and returns at once. Takes
// the future over. The first call starts the executor thread.
//
// A task cannot be cancelled, only detached. (A future that is not a task can:
// drop it.) exit ends the process with its tasks where they are, and does not
// drop their futures.
//
// Tasks run on a thread that blocks SIGTERM, SIGINT and the like, and a child
// process inherits that. A task that starts a program unblocks them between
// fork and exec, with sigprocmask.
struct task_joiner executor_spawn(struct future *future);

// Executor::block_on: spawn, then join. Not inside a task: that aborts. (Inside
// a task of another executor, as examples/hosts/ has one, it blocks that one,
// and nobody notices.)
intptr_t executor_block_on(struct future *future);

// TaskJoiner::join: blocks this thread until the task is done, and returns its
// output. Meanwhile the thread cannot be cancelled. A second join, or a join
// inside a task, aborts.
intptr_t task_joiner_join(struct task_joiner *joiner);

// Drop for TaskJoiner: detaches. The task runs on, and its output is lost. C
// drops nothing by itself: a joiner that nobody joins or awaits must be
// dropped.
#define task_joiner_drop(joiner) future_drop(&(joiner)->future)

// panic!: prints one line to stderr and aborts. The line begins with "trale: ",
// and with the task that this thread polls, if any. The format is printf's,
// without a newline. Use it for a mistake that leaves no sensible way on.
_Noreturn void panic(const char *format, ...)
    __attribute__((cold, format(printf, 1, 2)));

// ---------------------------------------------------------------------------
// reactor: wakes when a file descriptor is ready
// ---------------------------------------------------------------------------

// reactor::WakeupKind, with the values of EPOLLIN and EPOLLOUT.
enum wakeup_kind { WAKEUP_READABLE = 0x1, WAKEUP_WRITABLE = 0x4 };

// reactor::poll::Subscription: one future's wait for one direction of one fd.
// The future holds it, zeroed except fd and kind. It sets these two before it
// registers, and must not change them while it waits. The rest is the
// reactor's: the waker is not empty as long as the subscription waits.
struct subscription {
    struct subscription *next;
    struct waker waker;
    uint64_t event_data;
    int fd; // the future sets fd and kind, before it registers
    enum wakeup_kind kind;
};

// Reactor::register_waker: wakes a clone of *waker, once, when sub->fd is ready
// in the direction of sub->kind, has failed or was hung up. Several
// subscriptions may wait for one fd. They are woken in order of registration.
// If *sub waits already, the new waker replaces the old one, and *sub goes to
// the tail. The first call starts the reactor thread.
//
// Returns what a leaf future's poll then returns: POLL_PENDING, or
// POLL_READY(-errno) if the kernel refuses (EBADF, EPERM for a regular file,
// ENOSPC, or EMFILE if the reactor itself could not start).
struct poll reactor_register_waker(struct subscription *sub,
                                   const struct waker *waker);

// Removes the registration. Afterwards the reactor knows nothing of *sub, but a
// wake that is under way may still come. If *sub does not wait, nothing
// happens. Call it when *sub is dropped, and before the fd is closed.
void reactor_deregister_waker(struct subscription *sub);

// ---------------------------------------------------------------------------
// futures/timer.rs
// ---------------------------------------------------------------------------

// std::time::Duration, but signed. The constructors saturate: what is too long
// becomes 292 years.
struct duration {
    int64_t nanos;
};

#define NANOS_PER_SEC INT64_C(1000000000)

static inline struct duration duration_saturating(int64_t count, int64_t unit)
{
    if (count > INT64_MAX / unit) return (struct duration){ INT64_MAX };
    if (count < INT64_MIN / unit) return (struct duration){ INT64_MIN };
    return (struct duration){ count * unit };
}

#define duration_from_secs(secs) duration_saturating(secs, NANOS_PER_SEC)
#define duration_from_millis(ms) duration_saturating(ms, NANOS_PER_SEC / 1000)

// Timer::sleep: ready with 0 once the duration has passed on CLOCK_MONOTONIC,
// counted from this call. Never early. Zero or less has passed already. Ready
// with -errno if there is no descriptor for it (-EMFILE), or epoll refuses.
struct future *timer_sleep(struct duration duration);

// ---------------------------------------------------------------------------
// futures/udp.rs
// ---------------------------------------------------------------------------

// <netinet/in.h> takes the names send, bind, connect and others. A program that
// wants them for itself says #define TRALE_NO_UDP before it includes this.
#ifndef TRALE_NO_UDP
#include <netinet/in.h>

// std::net::SocketAddr: an IPv4 or IPv6 address and a port, in the form that
// the socket calls take.
struct socket_addr {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t len;
};

// UdpSocket::bind. A UdpSocket is its file descriptor: close(2) drops it, and
// getsockname(2), connect(2) and the like take it. Port 0: the kernel chooses
// one. Returns the descriptor, or the -errno of socket(2) or bind(2). If a
// program starts with stdin, stdout or stderr closed, it may be 0, 1 or 2.
int udp_socket_bind(const struct socket_addr *addr);

// UdpSocket::recv_from: receives one datagram into buf, and its sender into
// *source (NULL: not wanted). Ready with the number of bytes, 0 for an empty
// datagram, or -errno. -EMSGSIZE: the datagram was longer than buf, which holds
// its beginning. -EPIPE: the socket is shut down, or its error queue must be
// read first. Socket, buf and *source must outlive the future. If fd is
// negative (an error of udp_socket_bind), the future is ready with it. The
// socket may be a blocking one.
struct future *udp_socket_recv_from(int fd, void *buf, size_t len,
                                    struct socket_addr *source);

// UdpSocket::send_to: sends one datagram. *target is copied. Socket and buf
// must outlive the future. Ready with the number of bytes, or -errno as above.
struct future *udp_socket_send_to(int fd, const void *buf, size_t len,
                                  const struct socket_addr *target);
#endif

#endif
