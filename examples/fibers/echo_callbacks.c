// The echo server with callbacks. What lives across a wait is in an env, and
// what follows a wait is a function of its own.
#include "../futures/tcp.h"
#include "../promises/lwt.h"
#include "echo.h"

#include <stdio.h>
#include <unistd.h>

struct server {
    struct echo echo;
    int accepted;
    intptr_t total;
};

struct connection {
    struct server *server;
    int stream;
    char buf[4096];
};

static struct promise *receive(struct connection *self);

static struct promise *sent(intptr_t n, void *env)
{
    struct connection *self = env;

    self->server->total += n;
    return receive(self);
}

static struct promise *received(intptr_t n, void *env)
{
    struct connection *self = env;

    if (n == 0) return lwt_return(0);
    return lwt_bind(
        promise_spawn(tcp_stream_write_all(self->stream, self->buf, (size_t)n)),
        sent, self);
}

static struct promise *receive(struct connection *self)
{
    return lwt_bind(
        promise_spawn(tcp_stream_read(self->stream, self->buf, 4096)), received,
        self);
}

static struct promise *end_connection(void *env)
{
    struct connection *self = env;

    printf("a client has gone\n");
    close(self->stream);
    free(self);
    return lwt_return(0);
}

static struct promise *connection(struct server *server, int stream)
{
    struct connection *self = promise_malloc(sizeof(*self));

    self->server = server;
    self->stream = stream;
    return lwt_finalize(receive(self), end_connection, self);
}

static struct promise *accept_next(struct server *self);

static struct promise *accepted(intptr_t stream, void *env)
{
    struct server *self = env;

    self->accepted++;
    return lwt_join(PROMISES(connection(self, (int)stream), accept_next(self)));
}

static struct promise *accept_next(struct server *self)
{
    if (self->accepted == self->echo.connections) return lwt_return(0);
    return lwt_bind(promise_spawn(tcp_listener_accept(self->echo.listener)),
                    accepted, self);
}

static intptr_t total(intptr_t value, void *env)
{
    (void)value;
    return ((struct server *)env)->total;
}

static struct promise *end_server(void *env)
{
    free(env);
    return lwt_return(0);
}

struct future *echo_callbacks(struct echo echo)
{
    struct server *self = promise_malloc(sizeof(*self));

    *self = (struct server){ .echo = echo };
    return promise_await(lwt_finalize(lwt_map(accept_next(self), total, self),
                                      end_server, self));
}
