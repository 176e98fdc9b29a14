// The same echo server three times: as a state machine, with callbacks, and on
// fibers. Two clients talk to it at the same time, the second one first.
#include "echo.h"
#include "net.h"
#include "quoted.h"

#include <err.h>
#include <errno.h>
#include <string.h>

// ---------------------------------------------------------------------------
// The clients
// ---------------------------------------------------------------------------

// Sends the text and prints what comes back, until as much has come.
static intptr_t say(struct flow *flow, const char *text)
{
    char buf[100];
    size_t len = 0;
    intptr_t n = flow_copy_string(text, flow);

    while (n >= 0 && len < strlen(text)) {
        n = flow_read(flow, buf + len, sizeof(buf) - len);
        if (n == 0) return -EPIPE;
        len += n > 0 ? (size_t)n : 0;
    }
    if (n >= 0) print_quoted("echo: ", buf, len);
    return n < 0 ? n : 0;
}

struct clients {
    struct net *net;
    uint16_t port;
};

static intptr_t talk(struct eio_switch *sw, void *arg)
{
    struct clients *self = arg;
    struct flow *a, *b;
    char end;
    intptr_t n = net_connect(self->net, sw, self->port, &a);

    if (n == 0) n = net_connect(self->net, sw, self->port, &b);
    if (n == 0) n = say(b, "Hello from b\n");
    if (n == 0) n = say(a, "Hello from a\n");
    if (n == 0) n = say(b, "Bye from b\n");
    if (n == 0) n = flow_shutdown(b);
    if (n == 0) n = flow_read(b, &end, 1); // the server has closed it
    return n;
}

static intptr_t clients(void *arg)
{
    return switch_run(talk, arg);
}

// ---------------------------------------------------------------------------
// The servers, one after the other
// ---------------------------------------------------------------------------

struct run {
    struct eio_env *env;
    struct future *server;
    uint16_t port;
};

static intptr_t serve(void *arg)
{
    struct run *self = arg;
    intptr_t total = fiber_await(self->server);

    if (total >= 0) printf("bytes: %ld\n", (long)total);
    return total;
}

static intptr_t run(struct run *self, const char *title, struct future *server)
{
    struct clients both = { self->env->net, self->port };

    printf("%s\n", title);
    self->server = server;
    return fiber_both(serve, self, clients, &both);
}

static intptr_t three_times(struct eio_switch *sw, void *arg)
{
    struct run self = { .env = arg };
    intptr_t listener = net_listen(self.env->net, sw, &self.port);
    struct echo echo = { (int)listener, 2 };

    if (listener < 0) return listener;
    intptr_t error = run(&self, "As a state machine:", echo_states(echo));
    if (error < 0) return error;
    error = run(&self, "With callbacks:", echo_callbacks(echo));
    if (error < 0) return error;
    return run(&self, "On fibers:", echo_fibers(&echo));
}

static intptr_t main_fiber(struct eio_env *env, void *arg)
{
    (void)arg;
    return switch_run(three_times, env);
}

int main(void)
{
    intptr_t error = eio_main_run(main_fiber, NULL);

    if (error < 0) errx(1, "%s", strerror((int)-error));
    return 0;
}

// Expected output, in this order, after so many seconds:
//
//     0.0  As a state machine:
//     0.0  echo: "Hello from b\n"
//     0.0  echo: "Hello from a\n"
//     0.0  echo: "Bye from b\n"
//     0.0  a client has gone
//     0.0  a client has gone
//     0.0  bytes: 37
//     0.0  With callbacks:
//     0.0  echo: "Hello from b\n"
//     0.0  echo: "Hello from a\n"
//     0.0  echo: "Bye from b\n"
//     0.0  a client has gone
//     0.0  a client has gone
//     0.0  bytes: 37
//     0.0  On fibers:
//     0.0  echo: "Hello from b\n"
//     0.0  echo: "Hello from a\n"
//     0.0  echo: "Bye from b\n"
//     0.0  a client has gone
//     0.0  a client has gone
//     0.0  bytes: 37
