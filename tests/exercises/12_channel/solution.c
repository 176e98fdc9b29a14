// 12. A channel between a thread and a task: the solution.
#include "12_channel.h"

#include <errno.h>

// The waker is taken out under the lock, and woken when the lock is free: what
// a wake calls is not ours, and may want to use this channel.
void channel_send(struct channel *channel, intptr_t value)
{
    pthread_mutex_lock(&channel->lock);
    values_push(channel, value);
    struct waker receiver = waker_take(&channel->receiver);
    pthread_mutex_unlock(&channel->lock);
    waker_wake(&receiver);
}

// Who waits for a value must learn that none will come.
void channel_close(struct channel *channel)
{
    pthread_mutex_lock(&channel->lock);
    channel->closed = true;
    struct waker receiver = waker_take(&channel->receiver);
    pthread_mutex_unlock(&channel->lock);
    waker_wake(&receiver);
}

// To look and to leave the waker is one step under the lock, so that no send
// comes between the two. The clone is made before it. After it whichever waker
// is left over is dropped: the older one, or the clone that nobody needs.
struct poll receive_poll(struct future *future, struct context *cx)
{
    struct channel *channel = ((struct receive *)future)->channel;
    struct poll poll = POLL_PENDING;
    struct waker waker = waker_clone(cx->waker);

    // Our turn is over. To be woken at once means to go behind the others.
    if (channel->in_a_row++ == BUDGET) {
        channel->in_a_row = 0;
        waker_wake(&waker);
        return POLL_PENDING;
    }
    pthread_mutex_lock(&channel->lock);
    poll.ready = values_pop(channel, &poll.value);
    if (!poll.ready && channel->closed) poll = POLL_READY(-EPIPE);
    if (!poll.ready) {
        struct waker older = channel->receiver;
        channel->receiver = waker;
        waker = older;
        channel->in_a_row = 0;
    }
    pthread_mutex_unlock(&channel->lock);
    waker_drop(&waker);
    return poll;
}
