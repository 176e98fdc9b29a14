// Without loops in the race, and byte by byte in the receive.
#include "11_select.h"

#include <errno.h>
#include <unistd.h>

static void give_up(struct future **child)
{
    struct future *future = *child;

    *child = NULL;
    future_drop(future);
}

struct poll race_poll(struct future *future, struct context *cx)
{
    struct race *self = (struct race *)future;
    struct poll poll = future_poll(self->child[0], cx);

    if (!poll.ready) poll = future_poll(self->child[1], cx);
    if (!poll.ready) return POLL_PENDING;
    give_up(&self->child[0]);
    give_up(&self->child[1]);
    return poll;
}

void race_drop(struct future *future)
{
    struct race *self = (struct race *)future;

    for (int i = 1; i >= 0; i--)
        if (self->child[i] != NULL) give_up(&self->child[i]);
}

struct poll receive_poll(struct future *future, struct context *cx)
{
    struct receive *self = (struct receive *)future;
    struct inbox *inbox = self->inbox;

    for (;;) {
        char byte;
        switch (read(inbox->fd, &byte, 1)) {
        case 1:
            inbox->bytes[inbox->have++] = byte;
            if (inbox->have < 4) break;
            inbox->have = 0;
            return POLL_READY(inbox->number);
        case 0:
            return POLL_READY(-EPIPE);
        default:
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                return POLL_READY(-errno);
            return reactor_register_waker(&self->sub, cx->waker);
        }
    }
}

void receive_drop(struct future *future)
{
    struct receive *self = (struct receive *)future;

    reactor_deregister_waker(&self->sub);
}
