// trale's examples/udp.rs: waiting for the network does not hold up the clock.
#include "socket_addr.h"

#include <err.h>
#include <string.h>
#include <unistd.h>

struct udp {
    struct async async;
    int n, sock;
    struct socket_addr addr;
    char buf[1500];
};

static struct poll greet_poll(struct future *future, struct context *cx)
{
    struct udp *self = (struct udp *)future;

    ASYNC_BEGIN(self);
    for (self->n = 0; self->n < 3; self->n++) {
        AWAIT(self, timer_sleep(duration_from_millis(self->n ? 1000 : 500)));
        printf("Hello %c!\n", 'A' + self->n);
    }
    ASYNC_END(self, 0);
}

static struct poll receive_poll(struct future *future, struct context *cx)
{
    struct udp *self = (struct udp *)future;

    ASYNC_BEGIN(self);
    socket_addr_from_str(&self->addr, "127.0.0.1:9998");
    self->sock = udp_socket_bind(&self->addr);
    AWAIT(self, udp_socket_recv_from(self->sock, self->buf, 1500, &self->addr));
    if (self->async.value >= 0)
        printf("Received %d bytes from %s\n", (int)self->async.value,
               socket_addr_to_string(&self->addr, self->buf));
    close(self->sock);
    ASYNC_END(self, self->async.value);
}

static struct poll send_poll(struct future *future, struct context *cx)
{
    struct udp *self = (struct udp *)future;

    ASYNC_BEGIN(self);
    socket_addr_from_str(&self->addr, "127.0.0.1:0");
    self->sock = udp_socket_bind(&self->addr);
    AWAIT(self, timer_sleep(duration_from_secs(1)));
    socket_addr_from_str(&self->addr, "127.0.0.1:9998");
    AWAIT(self, udp_socket_send_to(self->sock, self->buf, 20, &self->addr));
    if (self->async.value >= 0)
        printf("Sent %d bytes\n", (int)self->async.value);
    close(self->sock);
    ASYNC_END(self, self->async.value);
}

int main(void)
{
    static const struct future_vtable tasks[] = {
        { "greet", greet_poll, async_drop },
        { "receive", receive_poll, async_drop },
        { "send", send_poll, async_drop }
    };
    struct task_joiner joiners[3];
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as println! does
    for (int i = 0; i < 3; i++)
        joiners[i] = executor_spawn(future_new(sizeof(struct udp), &tasks[i]));
    for (int i = 0; i < 3; i++) {
        int error = (int)task_joiner_join(&joiners[i]);
        if (error < 0) errx(1, "%s: %s", tasks[i].name, strerror(-error));
    }
}

// Expected output, after so many seconds:
//     0.5  Hello A!
//     1.0  Sent 20 bytes
//     1.0  Received 20 bytes from 127.0.0.1:<port>
//     1.5  Hello B!
//     2.5  Hello C!
