// later trale's examples/tcp_serv.rs and tcp.rs: a TCP echo server and a client.
#include "futures/serve.h"
#include "futures/tcp.h"
#include "futures/yield.h"
#include "socket_addr.h"

#include <err.h>
#include <string.h>
#include <unistd.h>

struct echo {
    struct async async;
    int stream;
    const char *text;
    struct socket_addr addr;
    char buf[4096];
};

static struct poll echo_poll(struct future *future, struct context *cx)
{
    struct echo *self = (struct echo *)future;

    ASYNC_BEGIN(self);
    do {
        AWAIT(self, yield_now()); // a fast peer must not hold up the others
        AWAIT(self, tcp_stream_read(self->stream, self->buf, 4096));
        if (self->async.value <= 0) break; // the peer's end, or an error
        AWAIT(self, tcp_stream_write_all(self->stream, self->buf,
                                         (size_t)self->async.value));
    } while (self->async.value >= 0);
    ASYNC_END(self, self->async.value);
}

static struct poll send_poll(struct future *future, struct context *cx)
{
    struct echo *self = (struct echo *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, tcp_stream_connect(&self->addr));
    self->stream = (int)self->async.value;
    AWAIT(self,
          tcp_stream_write_all(self->stream, self->text, strlen(self->text)));
    if (self->async.value >= 0) tcp_stream_shutdown(self->stream);
    while (self->async.value > 0) {
        AWAIT(self, tcp_stream_read(self->stream, self->buf, 4096));
        if (self->async.value > 0)
            fwrite(self->buf, 1, (size_t)self->async.value, stdout);
    }
    if (self->stream >= 0) close(self->stream);
    ASYNC_END(self, self->async.value);
}

static struct future *echo(int stream)
{
    static const struct future_vtable vtable = { "echo", echo_poll,
                                                 async_drop };
    struct echo *self = future_new(sizeof(*self), &vtable);
    self->stream = stream;
    return &self->async.future;
}

int main(int argc, char **argv)
{
    static const struct future_vtable vtable = { "send", send_poll,
                                                 async_drop };
    const char *role = argc > 1 ? argv[1] : "";
    const char *at = argc > 2 ? argv[2] : "127.0.0.1:5000";
    struct socket_addr addr;
    if (strcmp(role, "server") == 0) return serve_main("tcp_echo", at, 1, echo);
    if (strcmp(role, "client") != 0 || socket_addr_from_str(&addr, at) < 0)
        errx(2, "usage: tcp_echo server|client 127.0.0.1:5000 [TEXT]");
    struct echo *client = future_new(sizeof(*client), &vtable);
    client->addr = addr;
    client->text = argc > 3 ? argv[3] : "Hello!\n";
    int error = (int)executor_block_on(&client->async.future);
    if (error < 0) errx(1, "%s: %s", at, strerror(-error));
}

// Expected output of the server: Listening on 127.0.0.1:5000
// and after Ctrl-C: Bye. Of the client: Hello!
