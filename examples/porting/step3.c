// Step 3 of 5: the client in direct style, called by callbacks.
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

static struct promise *handle_client(int stream)
{
    return pipe_transfer(stream, stream);
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

static struct promise *close_server(void *server)
{
    return tcp_server_close((intptr_t)server);
}

static struct promise *with_server(intptr_t server, void *env)
{
    (void)env;
    return lwt_finalize(async_eio_run_eio(run_client, &program), close_server,
                        (void *)server);
}

static struct promise *run(void *env)
{
    return lwt_bind(run_server(program.port), with_server, env);
}

static intptr_t in_loop(void *env)
{
    return async_eio_run_async(run, env);
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
