// Step 4 of 5: what handles a connection, and the program, in direct style.
#include "../fibers/buf_read.h"
#include "../fibers/net.h"
#include "async_eio.h"
#include "callbacks.h"
#include "step.h"

struct program {
    struct net *net;
    uint16_t port;
};

// ---------------------------------------------------------------------------
// The server: copies back what comes
// ---------------------------------------------------------------------------

static intptr_t copy_back(void *stream)
{
    struct async_flow async;
    int both = (int)(intptr_t)stream;
    struct flow *flow = async_eio_flow(&async, both, both);

    return flow_copy(flow, flow);
}

static struct promise *handle_client(int stream)
{
    return async_eio_run_eio(copy_back, (void *)(intptr_t)stream);
}

static struct promise *run_server(uint16_t port)
{
    return tcp_server_create(port, handle_client);
}

// ---------------------------------------------------------------------------
// The client: sends Hello, and prints what comes back
// ---------------------------------------------------------------------------

static intptr_t talk(struct eio_switch *sw, void *arg)
{
    struct program *self = arg;
    char buf[101], *answer;
    struct flow *flow;
    intptr_t n = net_connect(self->net, sw, self->port, &flow);

    if (n == 0) n = flow_copy_string("Hello\n", flow);
    if (n == 0) n = flow_shutdown(flow);
    if (n < 0) return n;
    struct buf_read reader = { flow, buf, .max = 100 };
    n = buf_read_take_all(&reader, &answer);
    if (n >= 0) print_quoted("Client got: ", answer, (size_t)n);
    return n < 0 ? n : 0;
}

static intptr_t run_client(void *program)
{
    return switch_run(talk, program);
}

// ---------------------------------------------------------------------------
// The program: both
// ---------------------------------------------------------------------------

static struct program program;

static struct promise *open_server(void *env)
{
    (void)env;
    return run_server(program.port);
}

static struct promise *close_server(void *server)
{
    return tcp_server_close((intptr_t)server);
}

static intptr_t close_protected(void *server)
{
    return async_eio_run_async(close_server, server);
}

static intptr_t in_loop(void *env)
{
    intptr_t server = async_eio_run_async(open_server, env);

    if (server < 0) return server;
    intptr_t value = run_client(&program);
    fiber_protect(close_protected, (void *)server);
    return value;
}

static intptr_t eio_main(struct eio_env *env, void *arg)
{
    program.net = env->net;
    return async_eio_with_event_loop(in_loop, arg);
}

int main(int argc, char **argv)
{
    program.port = port_argument(argc, argv);
    return end_program(eio_main_run(eio_main, NULL), program.port);
}

// Expected output:
//
//     Client got: "Hello\n"
