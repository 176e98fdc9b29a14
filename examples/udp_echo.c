// A UDP echo server on the address given, or on 127.0.0.1:9999. Try it with
// `socat - UDP:127.0.0.1:9999`, or `socat - UDP6:[::1]:9999`; Ctrl-C ends it.
#define _POSIX_C_SOURCE 200809L
#include "futures/dump.h"
#include "socket_addr.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct echo {
    struct async async;
    int sock;
    struct socket_addr peer;
    char buf[65536]; // more than any datagram is long
};

static struct poll echo_poll(struct future *future, struct context *cx)
{
    struct echo *self = (struct echo *)future;

    ASYNC_BEGIN(self);
    for (;;) {
        AWAIT(self, udp_socket_recv_from(self->sock, self->buf,
                                         sizeof(self->buf), &self->peer));
        // An error concerns one peer, perhaps one that is gone. Serve on.
        if (self->async.value >= 0)
            AWAIT(self,
                  udp_socket_send_to(self->sock, self->buf,
                                     (size_t)self->async.value, &self->peer));
        if (self->async.value < 0)
            fprintf(stderr, "udp_echo: %s\n",
                    strerror((int)-self->async.value));
    }
    ASYNC_END(self, 0);
}

int main(int argc, char **argv)
{
    static const struct future_vtable vtable = { "echo", echo_poll,
                                                 async_drop };
    const char *text = argc > 1 ? argv[1] : "127.0.0.1:9999";
    struct socket_addr addr;
    sigset_t signals;
    int sock, signal;

    if (socket_addr_from_str(&addr, text) < 0) {
        fprintf(stderr,
                "udp_echo: %s is no address such as 127.0.0.1:9999 "
                "or [::1]:9999\n",
                text);
        return 2;
    }
    sock = udp_socket_bind(&addr);
    if (sock < 0) {
        fprintf(stderr, "udp_echo: %s: %s\n", text, strerror(-sock));
        return 1;
    }
    // Blocked in all threads, the signals wait until sigwait takes one.
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    dump_on_sigquit(); // Ctrl-\, which shows where the server is

    struct echo *echo = future_new(sizeof(*echo), &vtable);
    echo->sock = sock;
    struct task_joiner joiner = executor_spawn(&echo->async.future);
    task_joiner_drop(&joiner); // detach: the server never ends by itself
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    printf("Echoing on %s\n", text);
    sigwait(&signals, &signal);
    printf("Bye\n");
    return 0;
}

// Expected output, until Ctrl-C and after it:
//
//     Echoing on 127.0.0.1:9999
//     Bye
