#include "client.h"
#include "buf_read.h"
#include "quoted.h"

struct client {
    struct net *net;
    uint16_t port;
};

static intptr_t client(struct eio_switch *sw, void *data)
{
    struct client *self = data;
    char buf[101], *text;
    struct flow *flow;
    intptr_t n = net_connect(self->net, sw, self->port, &flow);

    if (n == 0) n = flow_copy_string("Hello\n", flow);
    if (n == 0) n = flow_shutdown(flow);
    if (n < 0) return n;
    struct buf_read reader = { flow, buf, .max = 100 };
    n = buf_read_take_all(&reader, &text);
    if (n < 0) return n;
    print_quoted("Client got: ", text, (size_t)n);
    return 0;
}

intptr_t run_client(struct net *net, uint16_t port)
{
    struct client self = { net, port };

    return switch_run(client, &self);
}
