// Callbacks: each function that waits is cut in two at each wait.
#include "callbacks.h"
#include "../futures/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

struct promise *reader_read(int reader, void *buf, size_t len)
{
    return promise_spawn(tcp_stream_read(reader, buf, len));
}

static intptr_t no_count(intptr_t value, void *env)
{
    (void)value, (void)env;
    return 0;
}

struct promise *writer_write(int writer, const void *buf, size_t len)
{
    return lwt_map(promise_spawn(tcp_stream_write_all(writer, buf, len)),
                   no_count, NULL);
}

static struct promise *free_env(void *env)
{
    free(env);
    return lwt_return(0);
}

// ---------------------------------------------------------------------------
// Reader.contents
// ---------------------------------------------------------------------------

struct contents {
    int reader;
    char *buf;
    size_t len, held;
    char more;
};

static struct promise *contents_read(struct contents *self);

static struct promise *contents_some(intptr_t n, void *env)
{
    struct contents *self = env;

    if (n == 0) return lwt_return((intptr_t)self->held);
    if (self->held == self->len) return lwt_fail(-EMSGSIZE);
    self->held += (size_t)n;
    return contents_read(self);
}

// When len bytes are there, one more would be one too many.
static struct promise *contents_read(struct contents *self)
{
    size_t room = self->len - self->held;
    void *to = room > 0 ? self->buf + self->held : &self->more;

    return lwt_bind(reader_read(self->reader, to, room > 0 ? room : 1),
                    contents_some, self);
}

struct promise *reader_contents(int reader, char *buf, size_t len)
{
    struct contents *self = promise_malloc(sizeof(*self));

    *self = (struct contents){ .reader = reader, .buf = buf, .len = len };
    return lwt_finalize(contents_read(self), free_env, self);
}

// ---------------------------------------------------------------------------
// Pipe.transfer
// ---------------------------------------------------------------------------

struct transfer {
    int reader, writer;
    char buf[4096];
};

static struct promise *transfer_read(intptr_t unused, void *env);

static struct promise *transfer_some(intptr_t n, void *env)
{
    struct transfer *self = env;

    if (n == 0) return lwt_return(0);
    return lwt_bind(writer_write(self->writer, self->buf, (size_t)n),
                    transfer_read, self);
}

static struct promise *transfer_read(intptr_t unused, void *env)
{
    struct transfer *self = env;

    (void)unused;
    return lwt_bind(reader_read(self->reader, self->buf, sizeof(self->buf)),
                    transfer_some, self);
}

struct promise *pipe_transfer(int reader, int writer)
{
    struct transfer *self = promise_malloc(sizeof(*self));

    self->reader = reader;
    self->writer = writer;
    return lwt_finalize(transfer_read(0, self), free_env, self);
}

// ---------------------------------------------------------------------------
// Tcp
// ---------------------------------------------------------------------------

static struct socket_addr loopback(uint16_t port)
{
    return (struct socket_addr){
        .v4 = { .sin_family = AF_INET,
                .sin_port = htons(port),
                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
        .len = sizeof(struct sockaddr_in),
    };
}

static struct promise *close_stream(void *stream)
{
    close((int)(intptr_t)stream);
    return lwt_return(0);
}

struct tcp_server {
    int listener;
    tcp_handler *handler;
    struct promise *accept; // the connection that is waited for
    struct promise *all;    // returns when nothing is left to do
};

static struct promise *accept_next(struct tcp_server *self);

static struct promise *accepted(intptr_t stream, void *env)
{
    struct tcp_server *self = env;
    struct promise *connection = self->handler((int)stream);

    connection = lwt_finalize(connection, close_stream, (void *)stream);
    return lwt_join(PROMISES(connection, accept_next(self)));
}

static struct promise *accept_next(struct tcp_server *self)
{
    promise_drop(self->accept);
    self->accept = promise_spawn(tcp_listener_accept(self->listener));
    return lwt_bind(promise_clone(self->accept), accepted, self);
}

struct promise *tcp_server_create(uint16_t port, tcp_handler *handler)
{
    struct socket_addr addr = loopback(port);
    int listener = tcp_listener_bind(&addr);

    if (listener < 0) return lwt_fail(listener);
    struct tcp_server *self = promise_malloc(sizeof(*self));
    *self = (struct tcp_server){ .listener = listener, .handler = handler };
    self->all = accept_next(self);
    return lwt_return((intptr_t)self);
}

// That accept was cancelled is how a server ends.
static struct promise *not_cancelled(intptr_t error, void *env)
{
    (void)env;
    return lwt_return(error == -ECANCELED ? 0 : error);
}

static struct promise *server_end(void *env)
{
    struct tcp_server *self = env;

    close(self->listener);
    promise_drop(self->accept);
    free(self);
    return lwt_return(0);
}

struct promise *tcp_server_close(intptr_t server)
{
    struct tcp_server *self = (struct tcp_server *)server;

    promise_cancel(self->accept);
    return lwt_finalize(lwt_catch(self->all, not_cancelled, NULL), server_end,
                        self);
}

struct call {
    lwt_function *f;
    void *env;
};

static struct promise *connected(intptr_t stream, void *env)
{
    struct call *self = env;

    return lwt_finalize(self->f(stream, self->env), close_stream,
                        (void *)stream);
}

struct promise *tcp_with_connection(uint16_t port, lwt_function *f, void *env)
{
    struct socket_addr addr = loopback(port);
    struct call *self = promise_malloc(sizeof(*self));
    struct promise *stream = promise_spawn(tcp_stream_connect(&addr));

    *self = (struct call){ f, env };
    return lwt_finalize(lwt_bind(stream, connected, self), free_env, self);
}
