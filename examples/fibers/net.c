// The network of this machine: TCP at 127.0.0.1.
#include "net.h"
#include "../futures/tcp.h"
#include "../promises/promise.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// What holds for any network
// ---------------------------------------------------------------------------

intptr_t net_connect(struct net *net, struct eio_switch *sw, uint16_t port,
                     struct flow **flow)
{
    intptr_t error = net->connect(net, port, flow);

    if (error == 0) switch_on_release(sw, flow_close, *flow);
    return error;
}

intptr_t net_listen(struct net *net, struct eio_switch *sw, uint16_t *port)
{
    return net->listen(net, sw, port);
}

struct connection {
    struct flow *flow;
    flow_handler *handler;
    void *arg;
};

static intptr_t connection(void *data)
{
    struct connection self = *(struct connection *)data;

    free(data);
    intptr_t value = self.handler(self.flow, self.arg);
    flow_close(self.flow);
    return value;
}

intptr_t net_accept_fork(struct net *net, struct eio_switch *sw,
                         intptr_t listener, flow_handler *handler, void *arg)
{
    struct flow *flow;
    intptr_t error = net->accept(net, listener, &flow);

    if (error < 0) return error;
    struct connection *self = promise_malloc(sizeof(*self));
    *self = (struct connection){ flow, handler, arg };
    fiber_fork(sw, connection, self);
    return 0;
}

// ---------------------------------------------------------------------------
// A flow over a TCP stream
// ---------------------------------------------------------------------------

struct tcp_flow {
    struct flow flow;
    int stream;
};

static intptr_t tcp_read(struct flow *flow, void *buf, size_t len)
{
    return fiber_await(
        tcp_stream_read(((struct tcp_flow *)flow)->stream, buf, len));
}

static intptr_t tcp_write(struct flow *flow, const void *buf, size_t len)
{
    intptr_t n = fiber_await(
        tcp_stream_write_all(((struct tcp_flow *)flow)->stream, buf, len));

    return n < 0 ? n : 0;
}

static intptr_t tcp_shutdown(struct flow *flow)
{
    return tcp_stream_shutdown(((struct tcp_flow *)flow)->stream);
}

static void tcp_close(struct flow *flow)
{
    close(((struct tcp_flow *)flow)->stream);
    free(flow);
}

// Makes a flow of a stream, unless that is an errno.
static intptr_t tcp_flow(intptr_t stream, struct flow **flow)
{
    static const struct flow_vtable vtable = { tcp_read, tcp_write,
                                               tcp_shutdown, tcp_close };

    if (stream < 0) return stream;
    struct tcp_flow *self = promise_malloc(sizeof(*self));
    *self = (struct tcp_flow){ { &vtable }, (int)stream };
    *flow = &self->flow;
    return 0;
}

// ---------------------------------------------------------------------------
// The network, and the way into it
// ---------------------------------------------------------------------------

static struct socket_addr loopback(uint16_t port)
{
    return (struct socket_addr){
        .v4 = { .sin_family = AF_INET,
                .sin_port = htons(port),
                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
        .len = sizeof(struct sockaddr_in),
    };
}

static intptr_t os_connect(struct net *net, uint16_t port, struct flow **flow)
{
    struct socket_addr addr = loopback(port);

    (void)net;
    return tcp_flow(fiber_await(tcp_stream_connect(&addr)), flow);
}

static void close_listener(void *listener)
{
    close((int)(intptr_t)listener);
}

static intptr_t os_listen(struct net *net, struct eio_switch *sw,
                          uint16_t *port)
{
    struct socket_addr addr = loopback(*port);
    int listener = tcp_listener_bind(&addr);

    (void)net;
    if (listener < 0) return listener;
    switch_on_release(sw, close_listener, (void *)(intptr_t)listener);
    if (getsockname(listener, &addr.any, &addr.len) == -1) return -errno;
    *port = ntohs(addr.v4.sin_port);
    return listener;
}

static intptr_t os_accept(struct net *net, intptr_t listener,
                          struct flow **flow)
{
    (void)net;
    return tcp_flow(fiber_await(tcp_listener_accept((int)listener)), flow);
}

struct main_call {
    intptr_t (*main)(struct eio_env *env, void *arg);
    void *arg;
};

static intptr_t main_fiber(void *data)
{
    static struct net net = { os_connect, os_listen, os_accept };
    struct main_call *self = data;
    struct eio_env env = { &net };

    return self->main(&env, self->arg);
}

intptr_t eio_main_run(intptr_t (*main)(struct eio_env *env, void *arg),
                      void *arg)
{
    struct main_call self = { main, arg };

    return executor_block_on(fiber_named("main", main_fiber, &self));
}
