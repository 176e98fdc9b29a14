// Flows: copying until the end, reading no more than one has room for, and a
// network that is passed as an argument.
#include "buf_read.h"
#include "client.h"
#include "mock_net.h"
#include "quoted.h"

#include <errno.h>
#include <string.h>

// ---------------------------------------------------------------------------
// A reader with room for ten bytes
// ---------------------------------------------------------------------------

static void print_line(intptr_t n, const char *line)
{
    if (n == -EMSGSIZE)
        printf("line: EMSGSIZE\n");
    else if (n == -EPIPE)
        printf("line: there is none\n");
    else if (n >= 0)
        print_quoted("line: ", line, (size_t)n);
}

static void read_lines(const char *text)
{
    struct string_source source;
    char buf[11], *line = NULL;
    struct buf_read reader = { string_source(&source, text), buf, .max = 10 };
    intptr_t n = 0;

    while (n >= 0) {
        n = buf_read_line(&reader, &line);
        print_line(n, line);
    }
}

// ---------------------------------------------------------------------------
// An echo server: what comes is copied back, until the client's end
// ---------------------------------------------------------------------------

struct server {
    struct net *net;
    struct eio_switch *sw;
    uint16_t port;
    intptr_t listener;
};

static intptr_t echo(struct flow *flow, void *arg)
{
    (void)arg;
    intptr_t error = flow_copy(flow, flow);
    if (error == 0) printf("server: that was all\n");
    return error;
}

static intptr_t serve(void *data)
{
    struct server *self = data;
    intptr_t error = 0;

    while (error == 0)
        error =
            net_accept_fork(self->net, self->sw, self->listener, echo, NULL);
    return error;
}

static intptr_t use_server(void *data)
{
    struct server *self = data;

    return run_client(self->net, self->port);
}

static intptr_t client_and_server(struct eio_switch *sw, void *data)
{
    struct server *self = data;

    self->sw = sw;
    self->listener = net_listen(self->net, sw, &self->port);
    if (self->listener < 0) return self->listener;
    // The server would run for ever. It ends when the client does.
    return fiber_first(serve, self, use_server, self);
}

static intptr_t flows(struct eio_env *env, void *port)
{
    struct mock_net mock;
    struct server server = { .net = env->net, .port = *(uint16_t *)port };

    read_lines("short\ntoo long a line\n");
    read_lines("one\n\nthe last");
    intptr_t error = run_client(mock_net(&mock), 8080);
    return error < 0 ? error : switch_run(client_and_server, &server);
}

int main(void)
{
    uint16_t any = 0;
    intptr_t error = eio_main_run(flows, &any);

    if (error < 0) fprintf(stderr, "flows: %s\n", strerror((int)-error));
    return error < 0;
}

// Expected output, in this order, after so many seconds:
//
//     0.0  line: "short"
//     0.0  line: EMSGSIZE
//     0.0  line: "one"
//     0.0  line: ""
//     0.0  line: "the last"
//     0.0  line: there is none
//     0.0  mock: connect to port 8080
//     0.0  mock: wrote "Hello\n"
//     0.0  mock: shutdown
//     0.0  mock: received "Hello\n"
//     0.0  mock: received ""
//     0.0  Client got: "Hello\n"
//     0.0  mock: closed
//     0.0  server: that was all
//     0.0  Client got: "Hello\n"
