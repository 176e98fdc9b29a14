// The echo server as state machines. What lives across an AWAIT is in a struct.
#include "../futures/tcp.h"
#include "echo.h"

#include <stdio.h>
#include <unistd.h>

struct connection {
    struct async async;
    int stream;
    intptr_t total;
    char buf[4096];
};

static struct poll connection_poll(struct future *future, struct context *cx)
{
    struct connection *self = (struct connection *)future;

    ASYNC_BEGIN(self);
    for (;;) {
        AWAIT(self, tcp_stream_read(self->stream, self->buf, 4096));
        if (self->async.value <= 0) break;
        AWAIT(self, tcp_stream_write_all(self->stream, self->buf,
                                         (size_t)self->async.value));
        if (self->async.value < 0) break;
        self->total += self->async.value;
    }
    printf("a client has gone\n");
    ASYNC_END(self, self->async.value < 0 ? self->async.value : self->total);
}

static void connection_drop(struct future *future)
{
    async_drop(future);
    close(((struct connection *)future)->stream);
}

static struct future *connection(int stream)
{
    static const struct future_vtable vtable = { "connection", connection_poll,
                                                 connection_drop };
    struct connection *self = future_new(sizeof(*self), &vtable);

    self->stream = stream;
    return &self->async.future;
}

struct server {
    struct async async;
    struct echo echo;
    int accepted, joined;
    intptr_t total;
    struct task_joiner joiners[8];
};

static struct poll server_poll(struct future *future, struct context *cx)
{
    struct server *self = (struct server *)future;

    ASYNC_BEGIN(self);
    while (self->accepted < self->echo.connections) {
        AWAIT(self, tcp_listener_accept(self->echo.listener));
        if (self->async.value < 0) return POLL_READY(self->async.value);
        self->joiners[self->accepted++] =
            executor_spawn(connection((int)self->async.value));
    }
    while (self->joined < self->accepted) {
        AWAIT(self, &self->joiners[self->joined++].future);
        if (self->async.value < 0) return POLL_READY(self->async.value);
        self->total += self->async.value;
    }
    ASYNC_END(self, self->total);
}

static void server_drop(struct future *future)
{
    struct server *self = (struct server *)future;

    async_drop(future);
    while (self->joined < self->accepted)
        task_joiner_drop(&self->joiners[self->joined++]);
}

struct future *echo_states(struct echo echo)
{
    static const struct future_vtable vtable = { "server", server_poll,
                                                 server_drop };
    struct server *self = future_new(sizeof(*self), &vtable);

    self->echo = echo;
    return &self->async.future;
}
