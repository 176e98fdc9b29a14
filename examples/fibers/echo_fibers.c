// The echo server on fibers. What lives across a wait is a local, and what
// follows a wait is the next line.
#include "../futures/tcp.h"
#include "../promises/promise.h"
#include "echo.h"
#include "switch.h"

#include <stdio.h>
#include <unistd.h>

struct connection {
    int stream;
    intptr_t *total;
};

static intptr_t connection(void *arg)
{
    struct connection self = *(struct connection *)arg;
    char buf[4096];
    intptr_t n;

    free(arg);
    while ((n = fiber_await(tcp_stream_read(self.stream, buf, 4096))) > 0) {
        n = fiber_await(tcp_stream_write_all(self.stream, buf, (size_t)n));
        if (n < 0) break;
        *self.total += n;
    }
    printf("a client has gone\n");
    close(self.stream);
    return n;
}

struct server {
    struct echo echo;
    intptr_t total;
};

static intptr_t accept_all(struct eio_switch *sw, void *arg)
{
    struct server *self = arg;

    for (int i = 0; i < self->echo.connections; i++) {
        intptr_t stream = fiber_await(tcp_listener_accept(self->echo.listener));
        if (stream < 0) return stream;
        struct connection *c = promise_malloc(sizeof(*c));
        *c = (struct connection){ (int)stream, &self->total };
        fiber_fork(sw, connection, c);
    }
    return 0;
}

static intptr_t server(void *echo)
{
    struct server self = { *(struct echo *)echo, 0 };
    intptr_t error = switch_run(accept_all, &self);

    return error < 0 ? error : self.total;
}

struct future *echo_fibers(struct echo *echo)
{
    return fiber(server, echo);
}
