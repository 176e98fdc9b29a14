// Step 5 of 5: all in direct style, without promises.
#include "../fibers/buf_read.h"
#include "../fibers/net.h"
#include "step.h"

struct program {
    struct net *net;
    uint16_t port;
    struct eio_switch *sw;
    intptr_t listener;
};

// ---------------------------------------------------------------------------
// The server: copies back what comes
// ---------------------------------------------------------------------------

static intptr_t handle_client(struct flow *flow, void *unused)
{
    (void)unused;
    return flow_copy(flow, flow);
}

static intptr_t run_server(void *program)
{
    struct program *self = program;
    intptr_t error = 0;

    while (error == 0)
        error = net_accept_fork(self->net, self->sw, self->listener,
                                handle_client, NULL);
    return error;
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

static intptr_t in_switch(struct eio_switch *sw, void *env)
{
    (void)env;
    program.sw = sw;
    program.listener = net_listen(program.net, sw, &program.port);
    if (program.listener < 0) return program.listener;
    return fiber_first(run_server, &program, run_client, &program);
}

static intptr_t eio_main(struct eio_env *env, void *arg)
{
    program.net = env->net;
    return switch_run(in_switch, arg);
}

int main(int argc, char **argv)
{
    program.port = port_argument(argc, argv);
    return end_program(eio_main_run(eio_main, NULL), program.port);
}

// Expected output:
//
//     Client got: "Hello\n"
