// The client of an echo server: it says Hello, and prints what comes back.
#ifndef CLIENT_H
#define CLIENT_H

#include "net.h"

// On a fiber. It reaches the network that it is given, and nothing else: its
// object file does not know of sockets, as `nm -u` shows. Returns 0.
intptr_t run_client(struct net *net, uint16_t port);

#endif
