// A UDP echo server on the address given, or on 127.0.0.1:9999. Try it with
// `socat - UDP:127.0.0.1:9999`, or `socat - UDP6:[::1]:9999`; Ctrl-C ends it.
#include "futures/log.h"
#include "futures/serve.h"
#include "futures/yield.h"
#include "socket_addr.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

struct echo {
    struct async async;
    int sock, told; // told: the last error that was logged
    struct socket_addr peer;
    char buf[65536]; // more than any datagram is long
};

static void tell(struct echo *self, int error)
{
    if (error != self->told && error < 0)
        log_line(STDERR_FILENO, "udp_echo: %s", strerror(-error));
    self->told = error;
}

// An error of a send concerns one peer, perhaps one that is gone: serve on. One
// of a receive may last, so we wait a little, and do not tell it again. If even
// a sleep gets no descriptor, then nothing else can run here but ourselves.
static struct poll echo_poll(struct future *future, struct context *cx)
{
    struct echo *self = (struct echo *)future;

    ASYNC_BEGIN(self);
    for (;;) {
        AWAIT(self, udp_socket_recv_from(self->sock, self->buf,
                                         sizeof(self->buf), &self->peer));
        if (self->async.value < 0) {
            tell(self, (int)self->async.value);
            AWAIT(self, timer_sleep(duration_from_millis(100)));
            if (self->async.value < 0) poll(NULL, 0, 100);
            AWAIT(self, yield_now()); // to the task that logs
            continue;
        }
        AWAIT(self, udp_socket_send_to(self->sock, self->buf,
                                       (size_t)self->async.value, &self->peer));
        tell(self, self->async.value < 0 ? (int)self->async.value : 0);
    }
    ASYNC_END(self, 0);
}

int main(int argc, char **argv)
{
    static const struct future_vtable vtable = { "echo", echo_poll,
                                                 async_drop };
    const char *text = argc > 1 ? argv[1] : "127.0.0.1:9999";
    struct socket_addr addr;

    if (socket_addr_from_str(&addr, text) < 0) {
        fprintf(stderr, "udp_echo: %s is no %s\n", text,
                "address such as 127.0.0.1:9999 or [::1]:9999");
        return 2;
    }
    int sock = udp_socket_bind(&addr);
    if (sock < 0) {
        fprintf(stderr, "udp_echo: %s: %s\n", text, strerror(-sock));
        return 1;
    }
    serve_begin();
    log_line(STDOUT_FILENO, "Echoing on %s", text);
    struct echo *echo = future_new(sizeof(*echo), &vtable);
    echo->sock = sock;
    struct task_joiner joiner = executor_spawn(&echo->async.future);
    task_joiner_drop(&joiner); // detach: the server never ends by itself
    return serve_end();
}

// Expected output, until Ctrl-C and after it:
//
//     Echoing on 127.0.0.1:9999
//     Bye
