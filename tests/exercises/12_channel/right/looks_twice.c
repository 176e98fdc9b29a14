// Looks for a value first, and clones only if there is none; so it must look
// again when it leaves the waker.
#include "12_channel.h"

#include <errno.h>

static void wake_receiver(struct channel *channel)
{
    struct waker waker = waker_take(&channel->receiver);

    pthread_mutex_unlock(&channel->lock);
    waker_wake(&waker);
}

void channel_send(struct channel *channel, intptr_t value)
{
    pthread_mutex_lock(&channel->lock);
    values_push(channel, value);
    wake_receiver(channel);
}

void channel_close(struct channel *channel)
{
    pthread_mutex_lock(&channel->lock);
    channel->closed = true;
    wake_receiver(channel);
}

static struct poll take(struct channel *channel)
{
    struct poll poll = { false, 0 };

    if (values_pop(channel, &poll.value))
        poll.ready = true;
    else if (channel->closed)
        poll = POLL_READY(-EPIPE);
    return poll;
}

struct poll receive_poll(struct future *future, struct context *cx)
{
    struct channel *channel = ((struct receive *)future)->channel;

    if (channel->in_a_row >= BUDGET) {
        channel->in_a_row = 0;
        struct waker again = waker_clone(cx->waker);
        waker_wake(&again);
        return POLL_PENDING;
    }
    pthread_mutex_lock(&channel->lock);
    struct poll poll = take(channel);
    pthread_mutex_unlock(&channel->lock);
    if (!poll.ready) {
        struct waker waker = waker_clone(cx->waker);
        pthread_mutex_lock(&channel->lock);
        poll = take(channel);
        if (!poll.ready) {
            struct waker older = channel->receiver;
            channel->receiver = waker;
            waker = older;
        }
        pthread_mutex_unlock(&channel->lock);
        waker_drop(&waker);
    }
    if (poll.ready)
        channel->in_a_row++;
    else
        channel->in_a_row = 0;
    return poll;
}
