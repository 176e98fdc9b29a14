// Step 1 of 5: an echo server and its client, with callbacks.
#include "../futures/tcp.h"
#include "callbacks.h"
#include "step.h"

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

static char answer[100];

static struct promise *print_answer(intptr_t len, void *env)
{
    (void)env;
    print_quoted("Client got: ", answer, (size_t)len);
    return lwt_return(0);
}

static struct promise *flushed(intptr_t value, void *stream)
{
    (void)value;
    tcp_stream_shutdown((int)(intptr_t)stream);
    return lwt_bind(
        reader_contents((int)(intptr_t)stream, answer, sizeof(answer)),
        print_answer, NULL);
}

static struct promise *talk(intptr_t stream, void *env)
{
    (void)env;
    return lwt_bind(writer_write((int)stream, "Hello\n", 6), flushed,
                    (void *)stream);
}

static struct promise *run_client(uint16_t port)
{
    return tcp_with_connection(port, talk, NULL);
}

// ---------------------------------------------------------------------------
// The program: both
// ---------------------------------------------------------------------------

static uint16_t port;

static struct promise *close_server(void *server)
{
    return tcp_server_close((intptr_t)server);
}

static struct promise *with_server(intptr_t server, void *env)
{
    (void)env;
    return lwt_finalize(run_client(port), close_server, (void *)server);
}

static struct promise *run(void *env)
{
    return lwt_bind(run_server(port), with_server, env);
}

int main(int argc, char **argv)
{
    port = port_argument(argc, argv);
    return end_program(lwt_main_run(run, NULL), port);
}

// Expected output:
//
//     Client got: "Hello\n"
