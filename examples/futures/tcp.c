// Leaf futures over TCP sockets, and how to write one of one's own: it needs
// nothing from inside trale.c. In Rust these are tokio::net::TcpListener and
// TcpStream; trale has gained them in a later commit.
//
// A leaf future is where a chain of awaits ends. All are of one shape:
//
// 1. try a system call that does not block;
// 2. if it would have blocked, tell the reactor to wake us when it would not,
//    and return POLL_PENDING;
// 3. when polled again, for whatever reason, begin at 1;
// 4. when dropped, tell the reactor to forget us.
//
// The descriptor must not block (SOCK_NONBLOCK), or step 1 stops every task.
#define _GNU_SOURCE // for accept4
#include "tcp.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// Accept, Read, Write: futures that borrow their descriptor
// ---------------------------------------------------------------------------

struct io {
    struct future future; // first: a struct io * is a struct future * too
    struct subscription sub;
    ssize_t (*try)(const struct io *self); // the system call
    void *buf;
    size_t len;
};

static struct poll io_poll(struct future *future, struct context *cx)
{
    struct io *self = (struct io *)future;

    if (self->sub.fd < 0) return POLL_READY(self->sub.fd);
    ssize_t n = self->try(self);
    if (n >= 0) return POLL_READY(n);
    if (errno != EAGAIN) return POLL_READY(-errno);
    return reactor_register_waker(&self->sub, cx->waker);
}

static void io_drop(struct future *future)
{
    reactor_deregister_waker(&((struct io *)future)->sub);
}

// Futures are lazy: this only notes what the polls will try. The buffer of a
// write is const for its caller, and is only read.
static struct future *io(const struct future_vtable *vtable,
                         ssize_t (*try)(const struct io *self),
                         enum wakeup_kind kind, int fd, const void *buf,
                         size_t len)
{
    struct io *self = future_new(sizeof(*self), vtable);

    self->try = try;
    self->sub = (struct subscription){ .fd = fd, .kind = kind };
    self->buf = (void *)buf;
    self->len = len;
    return &self->future;
}

static ssize_t try_accept(const struct io *self)
{
    return accept4(self->sub.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static ssize_t try_read(const struct io *self)
{
    return recv(self->sub.fd, self->buf, self->len, 0);
}

// MSG_NOSIGNAL: writing to a peer that is gone would raise SIGPIPE. The executor
// thread blocks that, but whoever polls us may be another one, and be killed.
static ssize_t try_write(const struct io *self)
{
    return send(self->sub.fd, self->buf, self->len, MSG_NOSIGNAL);
}

struct future *tcp_listener_accept(int listener)
{
    static const struct future_vtable vtable = { "accept", io_poll, io_drop };

    return io(&vtable, try_accept, WAKEUP_READABLE, listener, NULL, 0);
}

struct future *tcp_stream_read(int stream, void *buf, size_t len)
{
    static const struct future_vtable vtable = { "read", io_poll, io_drop };

    return io(&vtable, try_read, WAKEUP_READABLE, stream, buf, len);
}

struct future *tcp_stream_write(int stream, const void *buf, size_t len)
{
    static const struct future_vtable vtable = { "write", io_poll, io_drop };

    return io(&vtable, try_write, WAKEUP_WRITABLE, stream, buf, len);
}

// ---------------------------------------------------------------------------
// Connect: a future that owns its descriptor, until it is ready
// ---------------------------------------------------------------------------

struct connect {
    struct future future;
    struct subscription sub; // for WAKEUP_WRITABLE
    struct socket_addr addr;
    int fd; // -1: not yet made, or given away
};

// To try connect(2) again is also the way to ask how the first call went.
static struct poll connect_poll(struct future *future, struct context *cx)
{
    struct connect *self = (struct connect *)future;
    int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

    if (self->fd == -1)
        self->sub.fd = self->fd = socket(self->addr.any.sa_family, type, 0);
    if (self->fd == -1) return POLL_READY(-errno);
    if (connect(self->fd, &self->addr.any, self->addr.len) == 0 ||
        errno == EISCONN) {
        int fd = self->fd;
        self->fd = -1; // moved to the caller
        return POLL_READY(fd);
    }
    if (errno != EINPROGRESS && errno != EALREADY) return POLL_READY(-errno);
    return reactor_register_waker(&self->sub, cx->waker);
}

// First the reactor forgets the descriptor, then the kernel may give its
// number to another.
static void connect_drop(struct future *future)
{
    struct connect *self = (struct connect *)future;

    reactor_deregister_waker(&self->sub);
    if (self->fd != -1) close(self->fd);
}

struct future *tcp_stream_connect(const struct socket_addr *addr)
{
    static const struct future_vtable vtable = { "connect", connect_poll,
                                                 connect_drop };
    struct connect *self = future_new(sizeof(*self), &vtable);

    self->sub.kind = WAKEUP_WRITABLE;
    self->addr = *addr;
    self->fd = -1;
    return &self->future;
}

// ---------------------------------------------------------------------------
// What is no leaf
// ---------------------------------------------------------------------------

struct write_all {
    struct async async;
    int stream;
    const char *buf;
    size_t len, written;
};

static struct poll write_all_poll(struct future *future, struct context *cx)
{
    struct write_all *self = (struct write_all *)future;

    ASYNC_BEGIN(self);
    while (self->written < self->len) {
        AWAIT(self, tcp_stream_write(self->stream, self->buf + self->written,
                                     self->len - self->written));
        if (self->async.value < 0) return POLL_READY(self->async.value);
        self->written += (size_t)self->async.value;
    }
    ASYNC_END(self, self->len);
}

struct future *tcp_stream_write_all(int stream, const void *buf, size_t len)
{
    static const struct future_vtable vtable = { "write_all", write_all_poll,
                                                 async_drop };
    struct write_all *self = future_new(sizeof(*self), &vtable);

    self->stream = stream;
    self->buf = buf;
    self->len = len;
    return &self->async.future;
}

int tcp_stream_shutdown(int stream)
{
    return shutdown(stream, SHUT_WR) == 0 ? 0 : -errno;
}

// Neither call blocks, so this is no future, in Rust neither. SO_REUSEADDR, as
// std sets it: a server that is started again must not wait for the last
// packets of its former connections. The kernel cuts the length of the queue
// to net.core.somaxconn, by default 4096.
int tcp_listener_bind(const struct socket_addr *addr)
{
    int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, on = 1;
    int fd = socket(addr->any.sa_family, type, 0);

    if (fd == -1) return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, &addr->any, addr->len) == 0 && listen(fd, 4096) == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}
