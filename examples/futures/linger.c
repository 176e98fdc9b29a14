// A lingering close (RFC 9112, 9.6). To close a socket while bytes in it are
// unread, or while the peer still sends some, makes the kernel reset the
// connection, and the reset may overtake our last reply: then the client that
// sent too much never learns why it was refused.
#include "linger.h"
#include "tcp.h"
#include "timeout.h"

enum { LINGER_SECS = 2, LINGER_MAX = 1 << 20 };

struct drain {
    struct async async;
    int stream;
    size_t len;
    char buf[4096];
};

static struct poll drain_poll(struct future *future, struct context *cx)
{
    struct drain *self = (struct drain *)future;

    ASYNC_BEGIN(self);
    do {
        AWAIT(self,
              tcp_stream_read(self->stream, self->buf, sizeof(self->buf)));
        if (self->async.value > 0) self->len += (size_t)self->async.value;
    } while (self->async.value > 0 && self->len < LINGER_MAX);
    ASYNC_END(self,
              self->async.value > 0 ? (intptr_t)self->len : self->async.value);
}

struct future *tcp_stream_drain(int stream)
{
    static const struct future_vtable vtable = { "drain", drain_poll,
                                                 async_drop };
    struct drain *self = future_new(sizeof(*self), &vtable);

    self->stream = stream;
    return &self->async.future;
}

struct lingering {
    struct async async;
    int stream;
};

static struct poll linger_poll(struct future *future, struct context *cx)
{
    struct lingering *self = (struct lingering *)future;
    int error;

    ASYNC_BEGIN(self);
    error = tcp_stream_shutdown(self->stream);
    if (error < 0) return POLL_READY(error);
    // Whether the peer closes or the time is over makes no difference to us.
    AWAIT(self, timeout(duration_from_secs(LINGER_SECS),
                        tcp_stream_drain(self->stream)));
    ASYNC_END(self, 0);
}

struct future *tcp_stream_linger(int stream)
{
    static const struct future_vtable vtable = { "linger", linger_poll,
                                                 async_drop };
    struct lingering *self = future_new(sizeof(*self), &vtable);

    self->stream = stream;
    return &self->async.future;
}
