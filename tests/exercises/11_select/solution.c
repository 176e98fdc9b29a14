// 11. Select, and cancellation by drop: the solution.
#include "11_select.h"

#include <errno.h>
#include <unistd.h>

// Both get the waker of this poll, and we do not know for whose sake we were
// woken, so both are asked. The return is in the loop: once there is a winner,
// the other is not polled any more, for what it might have to say nobody hears.
struct poll race_poll(struct future *future, struct context *cx)
{
    struct race *self = (struct race *)future;

    for (int i = 0; i < 2; i++) {
        struct poll poll = await(&self->child[i], cx);
        if (!poll.ready) continue;
        future_drop(self->child[1 - i]);
        self->child[1 - i] = NULL;
        return poll;
    }
    return POLL_PENDING;
}

// Those that have been dropped are NULL, which future_drop lets be.
void race_drop(struct future *future)
{
    struct race *self = (struct race *)future;

    future_drop(self->child[0]);
    future_drop(self->child[1]);
}

// Between two polls all that was read is in the inbox, and nothing of it here:
// we may be dropped at any time. A message is taken out in the poll that is
// ready, and not before.
struct poll receive_poll(struct future *future, struct context *cx)
{
    struct inbox *inbox = ((struct receive *)future)->inbox;

    while (inbox->have < sizeof(inbox->bytes)) {
        ssize_t n = read(inbox->fd, inbox->bytes + inbox->have,
                         sizeof(inbox->bytes) - inbox->have);
        if (n == -1 && errno == EAGAIN)
            return reactor_register_waker(&((struct receive *)future)->sub,
                                          cx->waker);
        if (n <= 0) return POLL_READY(n == 0 ? -EPIPE : -errno);
        inbox->have += (size_t)n;
    }
    inbox->have = 0;
    return POLL_READY(inbox->number);
}

void receive_drop(struct future *future)
{
    reactor_deregister_waker(&((struct receive *)future)->sub);
}
