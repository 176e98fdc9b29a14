// What a simulation has in place of the kernel and of malloc: descriptors, the
// clock, epoll and memory. A new descriptor has the lowest number that is free,
// as in Linux, so numbers are soon used again. Those below FIRST are real ones.
// The third is 2^20, which is the first that a process can have only where
// fs.nr_open was raised (hazard 51).
#define _GNU_SOURCE
#include "sim.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { FIRST = (1 << 20) - 2, FDS = 64, DATAGRAMS = 2 };

struct datagram {
    in_port_t from;
    size_t len;
    unsigned char bytes[8];
};

// A descriptor, and its entry in an epoll set.
static struct fd {
    enum { CLOSED, EPOLL, TIMER, EVENT, SOCKET } kind;
    int flags;
    int64_t expiration; // of a timer; NEVER if it is not armed
    uint64_t count;     // of an eventfd; of datagrams that wait to be received
    in_port_t port;     // of a socket
    struct datagram queue[DATAGRAMS];
    struct fd *epoll; // whose set it is in, or NULL
    struct epoll_event event;
} fds[FDS];

static int fail(int error)
{
    errno = error;
    return -1;
}

static struct fd *find(int fd)
{
    return fd >= FIRST && fd < FIRST + FDS ? &fds[fd - FIRST] : NULL;
}

// Tells the explorer what a call is about: a descriptor, and the epoll set in
// which others may notice; the whole table, if one comes or goes.
static void touch(const struct fd *fd)
{
    sim_touch(fd, SIM_MEETS, 0);
    if (fd->epoll != NULL) sim_touch(fd->epoll, SIM_MEETS, 0);
}

static int number(const struct fd *fd)
{
    return FIRST + (int)(fd - fds);
}

static int fd_new(int kind, int flags, uint64_t count)
{
    struct fd *fd = fds;

    sim_yield();
    sim_touch(fds, SIM_MEETS, 0);
    while (fd < fds + FDS && fd->kind != CLOSED) fd++;
    if (fd == fds + FDS) return fail(EMFILE);
    touch(fd);
    *fd = (struct fd){ .kind = kind };
    fd->flags = flags;
    fd->expiration = NEVER;
    fd->count = count;
    sim_log("opens fd %d", number(fd));
    return number(fd);
}

WRAP(int, eventfd, unsigned count, int flags)
{
    return fd_new(EVENT, flags, count);
}

WRAP(int, timerfd_create, int clock, int flags)
{
    if (clock != CLOCK_MONOTONIC) sim_fail("a timerfd of another clock");
    return fd_new(TIMER, flags, 0);
}

WRAP(int, epoll_create1, int flags)
{
    return fd_new(EPOLL, flags, 0);
}

// It leaves its epoll set by that, as any that has not been duplicated.
WRAP(int, close, int fd)
{
    struct fd *self = find(fd);

    if (self == NULL) return __real_close(fd);
    sim_yield();
    sim_touch(fds, SIM_MEETS, 0);
    touch(self);
    if (self->kind == CLOSED) return fail(EBADF);
    sim_log("closes fd %d", fd);
    for (struct fd *each = fds; each < fds + FDS; each++)
        if (each->epoll == self) each->epoll = NULL;
    *self = (struct fd){ .kind = CLOSED };
    return 0;
}

// Nothing can be sent while somebody has not received enough.
static bool congested(void)
{
    const struct fd *fd = fds;

    while (fd < fds + FDS && (fd->kind != SOCKET || fd->count < DATAGRAMS))
        fd++;
    return fd < fds + FDS;
}

// What a poll(2) of the descriptor would say.
static uint32_t state(const struct fd *fd)
{
    bool in = fd->count > 0 || fd->expiration <= sim_now();
    bool out = fd->kind == EVENT || (fd->kind == SOCKET && !congested());

    return (in ? EPOLLIN : 0) | (out ? EPOLLOUT : 0);
}

WRAP(ssize_t, read, int fd, void *buf, size_t size)
{
    struct fd *self = find(fd);
    uint64_t count = 1;

    if (self == NULL) return __real_read(fd, buf, size);
    sim_yield();
    touch(self);
    sim_touch(self, SIM_MEETS, (state(self) & EPOLLIN) != 0);
    if (self->kind != EVENT && self->kind != TIMER) return fail(EBADF);
    if (!(state(self) & EPOLLIN)) {
        if (!(self->flags & EFD_NONBLOCK))
            sim_fail("a read of fd %d blocks", fd);
        return fail(EAGAIN);
    }
    if (self->kind == EVENT && !(self->flags & EFD_SEMAPHORE))
        count = self->count;
    if (self->kind == EVENT) self->count -= count;
    self->expiration = NEVER;
    sim_log("reads %d from fd %d", (int)count, fd);
    memcpy(buf, &count, sizeof(count));
    return sizeof(count);
}

WRAP(ssize_t, write, int fd, const void *buf, size_t size)
{
    struct fd *self = find(fd);
    uint64_t count;

    if (self == NULL) return __real_write(fd, buf, size);
    sim_yield();
    touch(self);
    if (self->kind != EVENT) return fail(EBADF);
    memcpy(&count, buf, sizeof(count));
    self->count += count;
    sim_log("writes %d to fd %d", (int)count, fd);
    return sizeof(count);
}

// ---------------------------------------------------------------------------
// Datagrams, by IPv4 and from one port of this machine to another
// ---------------------------------------------------------------------------

// Each of them may matter to any other.
static void touch_sockets(void)
{
    for (struct fd *fd = fds; fd < fds + FDS; fd++)
        if (fd->kind == SOCKET) touch(fd);
}

WRAP(int, socket, int family, int type, int protocol)
{
    if (family != AF_INET || protocol != 0) sim_fail("no such sockets here");
    return fd_new(SOCKET, type, 0);
}

WRAP(int, bind, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct fd *self = find(fd);

    sim_yield();
    touch_sockets();
    if (self == NULL || self->kind != SOCKET) return fail(ENOTSOCK);
    if (len != sizeof(struct sockaddr_in)) return fail(EINVAL);
    self->port = ((const struct sockaddr_in *)addr)->sin_port;
    return 0;
}

// What is sent to nobody is lost.
WRAP(ssize_t, sendto, int fd, const void *buf, size_t size, int flags,
     const struct sockaddr *addr, socklen_t len)
{
    struct fd *self = find(fd), *to = fds;
    in_port_t port = ((const struct sockaddr_in *)addr)->sin_port;

    sim_yield();
    touch_sockets();
    if (self == NULL || self->kind != SOCKET) return fail(ENOTSOCK);
    if ((flags & ~MSG_DONTWAIT) != 0 || len != sizeof(struct sockaddr_in))
        return fail(EINVAL);
    if (congested()) return fail(EAGAIN);
    if (size > sizeof(to->queue->bytes)) return fail(EMSGSIZE);
    sim_log("sends %d bytes from fd %d", (int)size, fd);
    while (to < fds + FDS && (to->kind != SOCKET || to->port != port)) to++;
    if (to == fds + FDS) return (ssize_t)size;
    struct datagram *datagram = &to->queue[to->count++];
    datagram->from = self->port;
    datagram->len = size;
    memcpy(datagram->bytes, buf, size);
    return (ssize_t)size;
}

WRAP(ssize_t, recvfrom, int fd, void *buf, size_t size, int flags,
     struct sockaddr *addr, socklen_t *len)
{
    struct fd *self = find(fd);
    struct sockaddr_in from = { .sin_family = AF_INET };

    sim_yield();
    touch_sockets();
    if (self == NULL || self->kind != SOCKET) return fail(ENOTSOCK);
    if (self->count == 0) return fail(EAGAIN);
    struct datagram *first = self->queue;
    size_t n = first->len;
    sim_log("receives %d bytes from fd %d", (int)n, fd);
    from.sin_port = first->from;
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memcpy(addr, &from, sizeof(from));
    *len = sizeof(from);
    memcpy(buf, first->bytes, n < size ? n : size);
    memmove(first, first + 1, (DATAGRAMS - 1) * sizeof(*first));
    self->count--;
    return (ssize_t)(flags & MSG_TRUNC || n < size ? n : size);
}

// A socket that is asked whether it has failed. None does here.
WRAP(int, poll, struct pollfd *pollfds, nfds_t n, int timeout)
{
    const struct fd *self = find(pollfds->fd);

    sim_yield();
    touch_sockets();
    if (n != 1 || timeout != 0 || self == NULL || self->kind != SOCKET ||
        (pollfds->events & ~POLLRDHUP) != 0)
        sim_fail("a poll in a way that is not simulated");
    return pollfds->revents = 0;
}

// ---------------------------------------------------------------------------
// Time
// ---------------------------------------------------------------------------

// All clocks are one. To ask for the time takes some, but no other thread can
// run meanwhile: who asks may hold a lock that is not simulated, as stdio has.
WRAP(int, clock_gettime, clockid_t clock, struct timespec *time)
{
    (void)clock;
    time->tv_sec = sim_now() / SECOND;
    time->tv_nsec = sim_now() % SECOND;
    sim_pass();
    return 0;
}

WRAP(int, timerfd_settime, int fd, int flags, const struct itimerspec *new,
     struct itimerspec *old)
{
    struct fd *self = find(fd);
    struct timespec value = new->it_value;

    sim_yield();
    if (self == NULL || self->kind != TIMER) return fail(EBADF);
    touch(self);
    if (old != NULL || new->it_interval.tv_sec || new->it_interval.tv_nsec)
        sim_fail("timerfd_settime in a way that is not simulated");
    if (value.tv_sec < 0 || value.tv_nsec < 0 || value.tv_nsec >= SECOND)
        return fail(EINVAL);
    // Zero disarms it, and so does what no run will see.
    int64_t time = NEVER;
    if ((value.tv_sec | value.tv_nsec) != 0 &&
        value.tv_sec < NEVER / SECOND / 2)
        time = value.tv_sec * SECOND + value.tv_nsec;
    if (time != NEVER && !(flags & TFD_TIMER_ABSTIME)) time += sim_now();
    self->expiration = time;
    if (time == NEVER)
        sim_log("sets fd %d to never", fd);
    else
        sim_log("sets fd %d to %+jd ns", fd, (intmax_t)(time - sim_now()));
    return 0;
}

WRAP(int, timerfd_gettime, int fd, struct itimerspec *left)
{
    struct fd *self = find(fd);

    sim_yield();
    if (self == NULL || self->kind != TIMER) return fail(EINVAL);
    sim_touch(self, SIM_MEETS, sim_now());
    bool armed = self->expiration != NEVER && self->expiration > sim_now();
    int64_t nanos = armed ? self->expiration - sim_now() : 0;
    *left = (struct itimerspec){ { 0, 0 }, { nanos / SECOND, nanos % SECOND } };
    return 0;
}

int64_t kernel_next(void)
{
    int64_t next = NEVER;

    for (struct fd *fd = fds; fd < fds + FDS; fd++)
        if (fd->kind == TIMER && fd->expiration > sim_now() &&
            fd->expiration < next)
            next = fd->expiration;
    return next;
}

// ---------------------------------------------------------------------------
// epoll, level-triggered or one-shot
// ---------------------------------------------------------------------------

WRAP(int, epoll_ctl, int epoll, int op, int fd, struct epoll_event *event)
{
    struct fd *set = find(epoll), *self = find(fd);

    sim_yield();
    if (self == NULL || self->kind == CLOSED || set == NULL) return fail(EBADF);
    bool is_in = self->epoll != NULL;
    touch(self);
    touch(set);
    if (set->kind != EPOLL || self->kind == EPOLL) return fail(EINVAL);
    if (is_in && self->epoll != set) sim_fail("fd %d is in two sets", fd);
    if (is_in == (op == EPOLL_CTL_ADD)) return fail(is_in ? EEXIST : ENOENT);
    if (op == EPOLL_CTL_DEL) {
        sim_log("takes fd %d out of epoll", fd);
        self->epoll = NULL;
        return 0;
    }
    sim_log("asks epoll for %#x of fd %d", event->events, fd);
    if (event->events & EPOLLET) sim_fail("EPOLLET is not simulated");
    self->epoll = set;
    self->event = *event;
    return 0;
}

// What epoll has to say of it.
static uint32_t report(const struct fd *fd, const struct fd *set)
{
    return fd->epoll == set ? state(fd) & fd->event.events : 0;
}

static bool has_events(const void *of)
{
    const struct fd *fd = fds;

    while (fd < fds + FDS && report(fd, of) == 0) fd++;
    return fd < fds + FDS;
}

// Reports in any order, and not always all at once. What is not reported now
// comes next time.
WRAP(int, epoll_wait, int epoll, struct epoll_event *events, int most,
     int timeout)
{
    struct fd *set = find(epoll), *ready[FDS];
    int n_ready = 0, n = 0;

    if (set == NULL || set->kind != EPOLL) return fail(EBADF);
    if (sim_interrupt()) {
        sim_yield();
        sim_log("is interrupted");
        return fail(EINTR);
    }
    sim_block("epoll_wait", has_events, set,
              timeout < 0 ? NEVER : sim_now() + timeout * INT64_C(1000000));
    if (sim_interrupted()) {
        sim_touch(set, SIM_MEETS, -1);
        sim_log("is interrupted");
        return fail(EINTR);
    }
    for (struct fd *fd = fds; fd < fds + FDS; fd++)
        if (report(fd, set) != 0) ready[n_ready++] = fd;
    int first = n_ready > 0 ? sim_order(n_ready) : 0;
    if (n_ready > 1 && sim_order(2) == 1) most = 1;
    touch(set);
    for (; n < n_ready && n < most; n++) {
        struct fd *fd = ready[(first + n) % n_ready];
        sim_log("is told %#x of fd %d", report(fd, set), number(fd));
        sim_touch(set, SIM_MEETS, number(fd) << 8 | (int)report(fd, set));
        events[n] = fd->event;
        events[n].events = report(fd, set);
        if (fd->event.events & EPOLLONESHOT) fd->event.events = 0;
    }
    if (sim_chance(2)) sim_shuffle();
    return n;
}

// ---------------------------------------------------------------------------
// Memory
//
// Freed memory is not given back to libc before the run ends, so that a second
// free is noticed for certain. So is a use: it is filled with a pattern that no
// pointer and no count has, or the address sanitizer is told, if there is one.
// ---------------------------------------------------------------------------

static struct block {
    struct block *next;
    size_t size;
    bool freed;
    _Alignas(max_align_t) unsigned char bytes[];
} * blocks;

enum { FREED = 0xdd };

__attribute__((weak)) void __asan_poison_memory_region(const volatile void *,
                                                       size_t);

WRAP(void *, calloc, size_t n, size_t size)
{
    if (!sim_runs()) return __real_calloc(n, size);
    sim_lull();
    struct block *block = __real_calloc(1, sizeof(*block) + n * size);
    if (block == NULL) sim_fail("there is no real memory left");
    block->size = n * size;
    block->next = blocks;
    blocks = block;
    if (sim_explorer != NULL) sim_explorer->allocated(block->bytes, n * size);
    return block->bytes;
}

WRAP(void *, malloc, size_t size)
{
    return sim_runs() ? __wrap_calloc(1, size) : __real_malloc(size);
}

WRAP(void, free, void *memory)
{
    struct block *block = blocks;

    while (block != NULL && block->bytes != memory) block = block->next;
    if (block == NULL || !sim_runs()) {
        __real_free(memory); // NULL, or memory that libc has handed out
        return;
    }
    sim_lull();
    if (block->freed) sim_fail("memory is freed twice");
    block->freed = true;
    if (sim_explorer != NULL) sim_explorer->freed(memory, block->size);
    if (__asan_poison_memory_region != NULL)
        __asan_poison_memory_region(memory, block->size);
    else
        memset(memory, FREED, block->size);
    sim_lull(); // while pointers to it may still be about
}

static void check_memory(const struct block *block)
{
    if (!block->freed) sim_fail("%zu bytes are left", block->size);
    if (__asan_poison_memory_region != NULL) return;
    for (size_t i = 0; i < block->size; i++)
        if (block->bytes[i] != FREED) sim_fail("freed memory was written to");
}

// The epoll instance stays, as the reactor does. Nothing else does.
void kernel_check(void)
{
    for (struct fd *fd = fds; fd < fds + FDS; fd++)
        if (fd->kind != CLOSED && fd->kind != EPOLL)
            sim_fail("fd %d is left %s", number(fd),
                     fd->epoll != NULL ? "in epoll" : "open");
    for (struct block *b = blocks; b != NULL; b = b->next) check_memory(b);
}
