// A round trip of 64 bytes over UDP and loopback, in several shapes. Each prints
// its name and the nanoseconds of one round trip; bench.sh makes a table.
//
// trale        two tasks of trale: the executor's thread and the reactor's
// reactor      two tasks on a host's thread, woken by trale's reactor
// fast         the same, but the host watches the sockets itself, and resolves a
//              promise when one is readable: one thread does all
// by_hand      a hand-written loop on one thread that does what trale's futures
//              do: it tries, and if it would block, registers for one event
// rearms       the same, but it knows that it would block, and does not try
// never_rearms the same with registrations that stay: the least there can be
#define _GNU_SOURCE
#include "examples/hosts/local_executor.h"
#include "examples/promises/promise.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROUND_TRIPS = 30000, SIZE = 64 };

static int sockets[2];

static void open_sockets(void)
{
    struct socket_addr addrs[2] = { 0 };

    for (int i = 0; i < 2; i++) {
        addrs[i].len = sizeof(addrs[i].v4);
        addrs[i].v4.sin_family = AF_INET;
        addrs[i].v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        sockets[i] = udp_socket_bind(&addrs[i]);
        if (sockets[i] < 0 ||
            getsockname(sockets[i], &addrs[i].any, &addrs[i].len) == -1)
            err(1, "a socket");
    }
    for (int i = 0; i < 2; i++)
        if (connect(sockets[i], &addrs[!i].any, addrs[!i].len) == -1)
            err(1, "connect");
}

// Loopback takes what is sent at once.
static void send_bytes(int i)
{
    char bytes[SIZE] = { 0 };

    if (send(sockets[i], bytes, SIZE, 0) != SIZE) err(1, "send");
}

// ---------------------------------------------------------------------------
// The two ends, as tasks. The first one begins. How they wait until something
// can be received is the only difference.
// ---------------------------------------------------------------------------

struct peer {
    struct async async;
    int i, left;
    struct future *(*readable)(int i); // NULL: trale's reactor
    char bytes[SIZE];
};

static int ended; // how many

static struct poll peer_poll(struct future *future, struct context *cx)
{
    struct peer *self = (struct peer *)future;

    ASYNC_BEGIN(self);
    if (self->i == 0) send_bytes(0);
    for (; self->left > 0; self->left--) {
        if (self->readable != NULL) {
            AWAIT(self, self->readable(self->i));
            if (recv(sockets[self->i], self->bytes, SIZE, 0) != SIZE)
                err(1, "recv");
        } else {
            AWAIT(self, udp_socket_recv_from(sockets[self->i], self->bytes,
                                             SIZE, NULL));
            if (self->async.value != SIZE) errx(1, "recv_from");
        }
        if (self->i == 1 || self->left > 1) send_bytes(self->i);
    }
    ended++;
    ASYNC_END(self, 0);
}

static struct future *peer(int i, struct future *(*readable)(int i))
{
    static const struct future_vtable vtable = { "peer", peer_poll,
                                                 async_drop };
    struct peer *self = future_new(sizeof(*self), &vtable);

    self->i = i;
    self->left = ROUND_TRIPS;
    self->readable = readable;
    return &self->async.future;
}

static void on_trale(void)
{
    struct task_joiner tasks[2];

    for (int i = 0; i < 2; i++) tasks[i] = executor_spawn(peer(i, NULL));
    for (int i = 0; i < 2; i++) task_joiner_join(&tasks[i]);
}

static void on_reactor(void)
{
    struct waker notification;
    struct pollfd pollfd = { .fd = notification_new(&notification),
                             .events = POLLIN };
    struct local_executor *executor = local_executor_new(&notification);

    for (int i = 0; i < 2; i++) local_executor_spawn(executor, peer(i, NULL));
    while (ended < 2) {
        if (poll(&pollfd, 1, -1) == -1) err(1, "poll");
        notification_clear(pollfd.fd);
        local_executor_run_pending(executor);
    }
    local_executor_drop(executor);
}

// ---------------------------------------------------------------------------
// The fast shape. A socket stays in the epoll set. Only if it is readable and
// nobody waits for that, the host stops watching, until somebody does.
// ---------------------------------------------------------------------------

static struct watch {
    bool watched;
    struct resolver resolver; // empty: nobody waits
} watches[2];
static int epoll;

static void watch(int i, int op, bool watched)
{
    struct epoll_event event = { .events = watched ? EPOLLIN : 0,
                                 .data.u32 = (uint32_t)i };

    watches[i].watched = watched;
    if (epoll_ctl(epoll, op, sockets[i], &event) == -1) err(1, "epoll_ctl");
}

static struct future *readable(int i)
{
    if (!watches[i].watched) watch(i, EPOLL_CTL_MOD, true);
    return promise_await(promise_new(&watches[i].resolver));
}

static void became_readable(int i)
{
    if (watches[i].resolver.promise != NULL)
        promise_resolve(&watches[i].resolver, 0);
    else
        watch(i, EPOLL_CTL_MOD, false);
}

// All wakes come on the host's own thread, so a variable is notification
// enough. (One that other threads wake too would write to an eventfd there.)
static bool notified;

static void notify(void *unused)
{
    (void)unused;
    notified = true;
}

static void nothing(void *unused)
{
    (void)unused;
}

static void fast(void)
{
    static const struct waker_vtable vtable = { nothing, notify, nothing };
    struct local_executor *executor =
        local_executor_new(&(struct waker){ &vtable, NULL });
    struct epoll_event events[8];

    epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < 2; i++) watch(i, EPOLL_CTL_ADD, true);
    for (int i = 0; i < 2; i++)
        local_executor_spawn(executor, peer(i, readable));
    while (ended < 2) {
        int n = notified ? 0 : epoll_wait(epoll, events, 8, -1);
        for (int i = 0; i < n; i++) became_readable((int)events[i].data.u32);
        notified = false;
        local_executor_run_pending(executor);
    }
    local_executor_drop(executor);
}

// ---------------------------------------------------------------------------
// By hand
// ---------------------------------------------------------------------------

static void registration(int op, int i, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.u32 = (uint32_t)i };

    if (epoll_ctl(epoll, op, sockets[i], &event) == -1) err(1, "epoll_ctl");
}

// Whether there was something to receive. It is answered, but for the last one.
static bool receive(int i, int *left)
{
    char bytes[SIZE];
    ssize_t n = recv(sockets[i], bytes, SIZE, 0);

    if (n == -1 && errno == EAGAIN) return false;
    if (n != SIZE) err(1, "recv");
    if (--*left > 0) send_bytes(i);
    return true;
}

static void loop_by_hand(bool tries, uint32_t events)
{
    int left = 2 * ROUND_TRIPS;
    struct epoll_event event;

    epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < 2; i++) registration(EPOLL_CTL_ADD, i, events);
    send_bytes(0);
    while (left > 0) {
        if (epoll_wait(epoll, &event, 1, -1) != 1) continue;
        int i = (int)event.data.u32;
        receive(i, &left);
        while (tries && receive(i, &left)) continue;
        if (events & EPOLLONESHOT) registration(EPOLL_CTL_MOD, i, events);
    }
}

static void by_hand(void)
{
    loop_by_hand(true, EPOLLIN | EPOLLONESHOT);
}

static void rearms(void)
{
    loop_by_hand(false, EPOLLIN | EPOLLONESHOT);
}

static void never_rearms(void)
{
    loop_by_hand(false, EPOLLIN);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } shapes[] = { { "trale", on_trale }, { "reactor", on_reactor },
                   { "fast", fast },      { "by_hand", by_hand },
                   { "rearms", rearms },  { "never_rearms", never_rearms } };
    struct timespec start, end;

    for (size_t i = 0; argc == 2 && i < sizeof(shapes) / sizeof(*shapes); i++) {
        if (strcmp(argv[1], shapes[i].name) != 0) continue;
        open_sockets();
        clock_gettime(CLOCK_MONOTONIC, &start);
        shapes[i].run();
        clock_gettime(CLOCK_MONOTONIC, &end);
        printf("%s %.0f\n", argv[1],
               ((double)(end.tv_sec - start.tv_sec) * 1e9 +
                (double)(end.tv_nsec - start.tv_nsec)) /
                   ROUND_TRIPS);
        return 0;
    }
    errx(2,
         "the shape is trale, reactor, fast, by_hand, rearms or never_rearms");
}
