// What the five steps share: the port, and whether it is free in the end.
#ifndef STEP_H
#define STEP_H

#include "../fibers/quoted.h"
#include "../futures/tcp.h"

#include <arpa/inet.h>
#include <err.h>
#include <string.h>
#include <unistd.h>

// The port of the server: the program's argument, or 8080.
static inline uint16_t port_argument(int argc, char **argv)
{
    int number = argc > 1 ? atoi(argv[1]) : 8080;

    if (number < 1 || number > UINT16_MAX) errx(2, "%s is no port", argv[1]);
    return (uint16_t)number;
}

// Returns what main has to return: 0 if there was no error, and nobody listens
// at the port any more.
static inline int end_program(intptr_t error, uint16_t port)
{
    struct socket_addr addr = { .v4 = { .sin_family = AF_INET,
                                        .sin_port = htons(port) },
                                .len = sizeof(struct sockaddr_in) };

    if (error < 0) errx(1, "%s", strerror((int)-error));
    int listener = tcp_listener_bind(&addr);
    if (listener >= 0)
        close(listener);
    else
        errx(1, "port %u: %s", port, strerror(-listener));
    return 0;
}

#endif
