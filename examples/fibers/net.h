// Eio.Net: the network, passed as an argument. What a function is not given it
// cannot reach; and what it is given may be a mock. Here it is the ports of this
// machine.
//
// A function that opens something takes a switch, which closes it.
#ifndef NET_H
#define NET_H

#include "flow.h"
#include "switch.h"

// Those who have a struct net call the functions below. accept gives a flow that
// its caller closes. A listener is a number >= 0.
struct net {
    intptr_t (*connect)(struct net *net, uint16_t port, struct flow **flow);
    intptr_t (*listen)(struct net *net, struct eio_switch *sw, uint16_t *port);
    intptr_t (*accept)(struct net *net, intptr_t listener, struct flow **flow);
};

// Eio.Net.connect: a flow to who listens at the port. Returns 0.
intptr_t net_connect(struct net *net, struct eio_switch *sw, uint16_t port,
                     struct flow **flow);

// Eio.Net.listen. *port 0: the kernel chooses one, and writes it there.
intptr_t net_listen(struct net *net, struct eio_switch *sw, uint16_t *port);

typedef intptr_t flow_handler(struct flow *flow, void *arg);

// Eio.Net.accept_fork: waits for one connection, and handles it on a fiber of
// sw, which then closes it. Returns 0. If the handler fails, so does sw.
intptr_t net_accept_fork(struct net *net, struct eio_switch *sw,
                         intptr_t listener, flow_handler *handler, void *arg);

// What the world gives to a program.
struct eio_env {
    struct net *net;
};

// Eio_main.run: returns main(env, arg), which runs on a fiber. Not in a task.
intptr_t eio_main_run(intptr_t (*main)(struct eio_env *env, void *arg),
                      void *arg);

#endif
