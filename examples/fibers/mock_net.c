#include "mock_net.h"
#include "quoted.h"

#include <errno.h>
#include <string.h>

static struct mock_net *mock_of(struct flow *flow)
{
    return (struct mock_net *)((char *)flow - offsetof(struct mock_net, flow));
}

// Yields, as a socket would make its caller wait.
static intptr_t mock_read(struct flow *flow, void *buf, size_t len)
{
    struct mock_net *self = mock_of(flow);
    size_t held = strlen(self->text), n = held < len ? held : len;
    intptr_t error = fiber_yield();

    if (error < 0) return error;
    memcpy(buf, self->text, n);
    print_quoted("mock: received ", buf, n);
    memmove(self->text, self->text + n, held - n + 1);
    return (intptr_t)n;
}

static intptr_t mock_write(struct flow *flow, const void *buf, size_t len)
{
    struct mock_net *self = mock_of(flow);
    size_t held = strlen(self->text);

    if (len >= sizeof(self->text) - held) return -ENOBUFS;
    print_quoted("mock: wrote ", buf, len);
    memcpy(self->text + held, buf, len);
    self->text[held + len] = '\0';
    return fiber_yield();
}

static intptr_t mock_shutdown(struct flow *flow)
{
    (void)flow;
    printf("mock: shutdown\n");
    return 0;
}

static void mock_close(struct flow *flow)
{
    (void)flow;
    printf("mock: closed\n");
}

static intptr_t mock_connect(struct net *net, uint16_t port, struct flow **flow)
{
    static const struct flow_vtable vtable = { mock_read, mock_write,
                                               mock_shutdown, mock_close };
    struct mock_net *self = (struct mock_net *)net;

    printf("mock: connect to port %u\n", port);
    self->flow.vtable = &vtable;
    self->text[0] = '\0';
    *flow = &self->flow;
    return 0;
}

static intptr_t mock_listen(struct net *net, struct eio_switch *sw,
                            uint16_t *port)
{
    (void)net, (void)sw, (void)port;
    return -ENOTSUP;
}

static intptr_t mock_accept(struct net *net, intptr_t listener,
                            struct flow **flow)
{
    (void)net, (void)listener, (void)flow;
    return -ENOTSUP;
}

struct net *mock_net(struct mock_net *mock)
{
    *mock =
        (struct mock_net){ .net = { mock_connect, mock_listen, mock_accept } };
    return &mock->net;
}
